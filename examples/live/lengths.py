import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

torch.manual_seed(0)
gru = nn.GRU(1, 2, batch_first=True)
x = torch.randn(3, 6, 1)
lengths = torch.tensor([6, 2, 4])

_, padded = gru(x)
packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
_, packed = gru(packed)
for name, state in {"padded": padded, "packed": packed}.items():
    print(f"{name}: {' '.join(f'{value:.4f}' for value in state.flatten())}")
