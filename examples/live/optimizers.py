import torch
from torch import nn, optim

optimizers = {
    "SGD": lambda of: optim.SGD(of, lr=0.5, momentum=0.9),
    "RMSprop": lambda of: optim.RMSprop(of, lr=0.01),
    "Adam": lambda of: optim.Adam(of, lr=0.02),
}

for name, make in optimizers.items():
    torch.manual_seed(3)
    gru = nn.GRU(2, 6)
    criterion = nn.MSELoss()
    x = torch.randn(6, 8, 2)
    y = torch.randn(6, 8, 6) / 2
    optimizer = make(gru.parameters())
    losses = []
    for _ in range(50):
        optimizer.zero_grad()
        loss = criterion(gru(x)[0], y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print(f"{name}: from {losses[0]:.4f} to {losses[49]:.4f}")
