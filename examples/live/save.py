import torch
from safetensors.torch import load, save
from torch import nn

torch.manual_seed(0)
lstm = nn.LSTM(2, 3)
file = save(lstm.state_dict())

other = nn.LSTM(2, 3)
other.load_state_dict(load(file))
for key, value in other.state_dict().items():
    print(f"{key} {list(value.shape)} ends with {value.flatten()[-1]:.6f}")
