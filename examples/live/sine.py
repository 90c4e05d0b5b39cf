import torch
from torch import nn, optim


class Forecaster(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(1, 16, batch_first=True)
        self.fc = nn.Linear(16, 1)

    def forward(self, x):
        output, _ = self.lstm(x)  # [N, 20, 16]
        return self.fc(output[:, -1])  # the last time step


torch.manual_seed(0)
wave = torch.sin(torch.arange(220, dtype=torch.float64) / 5).float()
x = wave.unfold(0, 20, 1)[:200].unsqueeze(-1)  # [200, 20, 1]
y = wave[20:].unsqueeze(-1)  # [200, 1]

model = Forecaster()
criterion = nn.MSELoss()
optimizer = optim.Adam(model.parameters(), lr=0.02)
for epoch in range(1, 61):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    if epoch % 20 == 0:
        print(f"epoch {epoch}: loss {loss.item():.4f}")
