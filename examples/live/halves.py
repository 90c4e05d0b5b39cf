import torch
from torch import nn

torch.manual_seed(0)
lstm = nn.LSTM(1, 2)
x = torch.randn(20, 1, 1)


def show(name, data):
    print(f"{name}: {' '.join(f'{value:.4f}' for value in data.flatten())}")


output, _ = lstm(x)
show("the whole", output[-1])
_, state = lstm(x[:10])
output, _ = lstm(x[10:], state)
show("two halves", output[-1])
