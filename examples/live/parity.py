import torch
from torch import nn, optim


class OddOnes(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(1, 8, batch_first=True)
        self.fc = nn.Linear(8, 2)

    def forward(self, x):
        output, _ = self.gru(x)
        return self.fc(output[:, -1])  # logits


torch.manual_seed(2)
x = (torch.rand(64, 5, 1) >= 0.5).float()
y = x.sum((1, 2)).long() % 2

model = OddOnes()
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=0.03)
for epoch in range(1, 61):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    if epoch % 20 == 0:
        print(f"epoch {epoch}: loss {loss.item():.3f}")
