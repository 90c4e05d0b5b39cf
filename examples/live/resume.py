import math

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Forecaster(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(1, 8, batch_first=True)
        self.fc = nn.Linear(8, 1)

    def forward(self, x):
        return self.fc(self.lstm(x)[0][:, -1])


wave = torch.tensor([math.sin(i / 5) for i in range(110)])
windows = TensorDataset(wave.unfold(0, 10, 1)[:100].unsqueeze(-1), wave[10:].unsqueeze(-1))
loader = DataLoader(windows, batch_size=25, shuffle=True, generator=torch.Generator().manual_seed(0))
criterion = nn.MSELoss()


def new_model(seed):
    torch.manual_seed(seed)
    model = Forecaster()
    return model, torch.optim.Adam(model.parameters(), lr=0.01)


def train(model, optimizer):
    total = 0.0
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
    return total / len(windows)


model, optimizer = new_model(0)
for _ in range(5):
    train(model, optimizer)
checkpoint = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}

other, its_optimizer = new_model(1)
other.load_state_dict(checkpoint["model"])
its_optimizer.load_state_dict(checkpoint["optimizer"])
for epoch in range(6, 11):
    print(f"epoch {epoch}: loss {train(other, its_optimizer):.4f}")
