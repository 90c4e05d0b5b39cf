import torch
from torch import nn

torch.manual_seed(0)
criterion = nn.CTCLoss(reduction="none")
scores = torch.randn(12, 2, 5)  # 12 steps, 2 sequences, a blank and 4 labels
targets = torch.tensor([[1, 2, 3], [4, 4, 0]])
steps = torch.tensor([12, 10])
labels = torch.tensor([3, 2])

loss = criterion(scores.log_softmax(2), targets, steps, labels)
print(f"losses {' '.join(f'{value:.4f}' for value in loss)}")
