import torch
from torch import nn

torch.manual_seed(0)
cell = nn.LSTMCell(3, 2)
x = torch.randn(1, 3)
h = torch.randn(1, 2)
c = torch.randn(1, 2)

wx, wh, bx, bh = cell.parameters()
i, f, g, o = (x @ wx.T + bx + h @ wh.T + bh).chunk(4, 1)
next_c = f.sigmoid() * c + i.sigmoid() * g.tanh()
by_hand = o.sigmoid() * next_c.tanh()
by_layer, _ = cell(x, (h, c))
for name, value in {"hand": by_hand, "layer": by_layer}.items():
    print(f"by {name}: {' '.join(f'{v:.4f}' for v in value.flatten())}")
