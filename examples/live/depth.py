import torch
from torch import nn

torch.manual_seed(0)
deep = nn.LSTM(2, 3, num_layers=3, dropout=0.5)
deep.eval()  # no dropout between the layers
x = torch.randn(9, 2, 2)

_, (h, _) = deep(x)
print(f"h {list(h.shape)}")
for layer in range(3):
    print(f"layer {layer}: {' '.join(f'{value:.4f}' for value in h[layer, 0])}")
