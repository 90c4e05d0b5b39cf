import math

import torch
from torch import nn

torch.manual_seed(0)
gru = nn.GRU(1, 3)

state = torch.zeros(1, 1, 3)
for t in range(40):
    output, state = gru(torch.full((1, 1, 1), math.sin(t / 4)), state)
    if t % 10 == 9:
        print(f"{t + 1}: {' '.join(f'{value:.4f}' for value in output.flatten())}")
