import math

import torch
from torch import nn, optim

torch.manual_seed(0)
rnn = nn.RNN(1, 8, nonlinearity="relu")
for weights in rnn.parameters():
    nn.init.uniform_(weights, 0, 0.4)  # grows at every step
optimizer = optim.SGD(rnn.parameters(), lr=0.01)
x = torch.randn(20, 4, 1)

for i in range(60):
    optimizer.zero_grad()
    loss = rnn(x)[0].square().mean()
    loss.backward()
    norm = nn.utils.clip_grad_norm_(rnn.parameters(), 1)
    optimizer.step()
    if i % 20 == 0:
        print(f"loss 10^{math.log10(loss.item()):.2f}, norm 10^{math.log10(norm.item()):.2f}")
