import torch
from torch import nn

torch.manual_seed(42)
gru = nn.GRU(3, 5)
for key, value in gru.state_dict().items():
    print(f"{key} {list(value.shape)} begins with {value.flatten()[0]:.6f}")
