import torch

x = torch.tensor([-1.0, 0.0, 2.0], requires_grad=True)
y = x.tanh().square().sum()
(dx,) = torch.autograd.grad(y, [x])
print(f"y {y.item():.4f}")
print(f"dy/dx {' '.join(f'{v:.4f}' for v in dx)}")
