import torch
from torch import nn, optim

torch.manual_seed(1)
lstm = nn.LSTM(4, 8)
criterion = nn.MSELoss()
optimizer = optim.Adam(lstm.parameters(), lr=0.02)
x = torch.randn(5, 8, 4)
y = torch.randn(5, 8, 8)

losses = []
for _ in range(100):
    optimizer.zero_grad()
    loss = criterion(lstm(x)[0], y)
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
print(f"first {losses[0]:.4f}, last {losses[99]:.4f}")
