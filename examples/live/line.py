import torch
from torch import nn, optim

torch.manual_seed(0)
line = nn.Linear(1, 1)
criterion = nn.MSELoss()
optimizer = optim.SGD(line.parameters(), lr=0.1)
x = torch.tensor([[0.0], [1.0], [2.0], [3.0]])
y = 2 * x + 1

for i in range(1, 51):
    optimizer.zero_grad()
    loss = criterion(line(x), y)
    loss.backward()
    optimizer.step()
    if i % 10 == 0:
        print(f"step {i}: loss {loss.item():.4f}")
print(f"{line.weight.item():.2f} x + {line.bias.item():.2f}")
