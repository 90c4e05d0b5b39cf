import torch
from torch import nn, optim

torch.manual_seed(0)
body = nn.Linear(3, 8)
head = nn.Linear(8, 1)
body.requires_grad_(False)
criterion = nn.MSELoss()
optimizer = optim.Adam([*body.parameters(), *head.parameters()], lr=0.05)
x = torch.randn(32, 3)
y = torch.randn(32, 1)


def first(layer):
    return f"{layer.weight.flatten()[0].item():.4f}"


print(f"before: body {first(body)}, head {first(head)}")
for _ in range(30):
    optimizer.zero_grad()
    loss = criterion(head(body(x).tanh()), y)
    loss.backward()
    optimizer.step()
print(f"after: body {first(body)}, head {first(head)}")
