import torch
from torch import nn

torch.manual_seed(0)
rnn = nn.RNN(1, 2, bidirectional=True)
x = torch.randn(16, 1, 1)

output, _ = rnn(x)
print(f"output {list(output.shape)}")


def show(values):
    return " ".join(f"{v:.4f}" for v in values)


print(f"forwards, after the last step: {show(output[-1, 0, :2])}")
print(f"backwards, after the first step: {show(output[0, 0, 2:])}")
