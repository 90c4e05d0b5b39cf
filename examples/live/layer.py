import torch
from torch import nn

torch.manual_seed(0)
lstm = nn.LSTM(2, 3)
x = torch.randn(8, 1, 2)  # 8 time steps, a batch of 1, 2 features

output, (h, c) = lstm(x)
for name, result in {"output": output, "h": h, "c": c}.items():
    last = [f"{value:.4f}" for value in result.flatten()[-3:]]
    print(f"{name} {list(result.shape)} ends in {' '.join(last)}")
