import torch

logits = torch.tensor([[0.5, 2, -1, 1, 0, 3]])
values, indices = logits.softmax(1).topk(3, 1)
print(f"classes {' '.join(str(i.item()) for i in indices[0])}")
print(f"with {' '.join(f'{value:.4f}' for value in values[0])}")
print(f"together {values.sum(1).item():.4f}")
