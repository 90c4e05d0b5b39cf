import torch
from torch import nn, optim

torch.manual_seed(0)
layer = nn.Linear(4, 2)
criterion = nn.MSELoss()
optimizer = optim.SGD(layer.parameters(), lr=0.4)
schedule = optim.lr_scheduler.StepLR(optimizer, 10, gamma=0.5)
x = torch.randn(16, 4)
y = torch.randn(16, 2)

for i in range(1, 41):
    optimizer.zero_grad()
    loss = criterion(layer(x), y)
    loss.backward()
    optimizer.step()
    if i % 10 == 0:
        print(f"update {i}: rate {optimizer.param_groups[0]['lr']}, loss {loss.item():.4f}")
    schedule.step()
