import torch
from torch import nn

torch.manual_seed(0)
attention = nn.MultiheadAttention(4, 2, batch_first=True)
x = torch.randn(1, 5, 4)

output, weights = attention(x, x, x)
print(f"the first step becomes {' '.join(f'{v:.4f}' for v in output[0, 0])}")
print(f"it looks at the five by {' '.join(f'{v:.3f}' for v in weights[0, 0])}")
