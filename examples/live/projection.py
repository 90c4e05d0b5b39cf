import torch
from torch import nn

torch.manual_seed(0)
lstm = nn.LSTM(2, 8, proj_size=2)
x = torch.randn(8, 1, 2)

output, (_, c) = lstm(x)
print(f"output {list(output.shape)}, cells {list(c.shape)}")
print(f"the last step: {' '.join(f'{value:.4f}' for value in output[-1].flatten())}")
