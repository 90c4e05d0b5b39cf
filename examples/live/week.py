import math

import torch
from torch import nn


class Week(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(1, 16, batch_first=True)
        self.fc = nn.Linear(16, 7)

    def forward(self, x):
        return self.fc(self.gru(x)[0][:, -1])


def demand(day):
    return 100 + 0.1 * day + 20 * math.sin(2 * math.pi * day / 7) + 9 * math.sin(day / 5)


days = torch.tensor([demand(day) for day in range(280)], dtype=torch.float64)
train, test = days[:224], days[224 - 14 :]
mean, std = train.mean(), train.std(correction=0)


def windows(part):
    both = ((part - mean) / std).float().unfold(0, 21, 1)
    return both[:, :14].unsqueeze(-1), both[:, 14:]


x, y = windows(train)
torch.manual_seed(0)
model = Week()
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(150):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    optimizer.step()

x, y = windows(test)
with torch.no_grad():
    error = (model(x) - y).abs().mean() * std
last_week = (y - x[:, 7:, 0]).abs().mean() * std
print(f"mean absolute error of the GRU: {error:.2f}")
print(f"of last week's values: {last_week:.2f}")
