import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.SiLU())
x = torch.randn(6, 3)

y = model(x)
for row in y[:2]:
    print(" ".join(f"{value:.4f}" for value in row))
