"""Layers that are not recurrent, beside the linear one: embedding, layer norm, and modules in containers."""

import torch

from .common import draw, save

OPS = ["embedding", "layer_norm", "containers", "initial"]


def embedding_case(seed, rows, width, shape, padding):
    generator = torch.Generator().manual_seed(seed)
    embedding = torch.nn.Embedding(rows, width, padding_idx=padding, dtype=torch.float64)
    with torch.no_grad():
        embedding.weight.copy_(draw(generator, rows, width))
    x = torch.randint(rows, shape, generator=generator)
    if padding is not None:
        x.reshape(-1)[::3] = padding % rows
    output = embedding(x)
    target = draw(generator, *output.shape)
    loss = torch.nn.functional.mse_loss(output, target, reduction="sum")
    loss.backward()
    name = f"embedding_{rows}x{width}_{'x'.join(map(str, shape))}" + ("" if padding is None else "_padding")
    inputs = {"x": x.double(), "target": target, "param.weight": embedding.weight}
    options = {"rows": rows, "width": width, "padding_idx": [] if padding is None else [padding]}
    save(name, "embedding", options, inputs, {"out": output, "grad.weight": embedding.weight.grad})


def layer_norm_case(seed, shape, normalized, affine=True, eps=1e-5, spread=1.0, name=None):
    generator = torch.Generator().manual_seed(seed)
    norm = torch.nn.LayerNorm(normalized, eps=eps, elementwise_affine=affine, dtype=torch.float64)
    with torch.no_grad():
        for parameter in norm.parameters():
            parameter.copy_(draw(generator, *parameter.shape))
    x = (draw(generator, *shape) * spread + (spread - 1)).float().double().requires_grad_()
    output = norm(x)
    target = draw(generator, *shape)
    loss = torch.nn.functional.mse_loss(output, target, reduction="sum")
    loss.backward()
    parameters = dict(norm.named_parameters())
    inputs = {"x": x, "target": target, **{f"param.{key}": value for key, value in parameters.items()}}
    results = {"out": output, "grad.x": x.grad}
    results.update({f"grad.{key}": value.grad for key, value in parameters.items()})
    name = name or f"layer_norm_{'x'.join(map(str, shape))}_n{len(normalized)}" + ("" if affine else "_plain")
    save(name, "layer_norm", {"normalized_shape": list(normalized), "eps": eps, "affine": affine}, inputs, results)


class Stack(torch.nn.Module):
    """Modules of every kind of container, called in order."""

    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(11, 6, padding_idx=0)
        self.blocks = torch.nn.ModuleList(
            [
                torch.nn.Sequential(torch.nn.Linear(6, 6), torch.nn.LayerNorm(6), activation)
                for activation in (torch.nn.Tanh(), torch.nn.ReLU())
            ]
        )
        self.head = torch.nn.Sequential(
            torch.nn.Flatten(), torch.nn.Dropout(0.5), torch.nn.Sequential(torch.nn.Linear(18, 4)), torch.nn.LogSoftmax(1)
        )

    def forward(self, x):
        h = self.embed(x)
        for block in self.blocks:
            h = h + block(h)
        return self.head(h)


def containers_case(seed):
    torch.manual_seed(seed)
    model = Stack()
    drawn = {key: value.detach().clone() for key, value in model.state_dict().items()}
    save("initial_containers", "initial", {"seed": seed}, {key: value.double() for key, value in drawn.items()}, {})
    model = model.double().eval()
    x = torch.randint(11, (5, 3))
    x[0, 1] = 0
    output = model(x)
    target = torch.randn(output.shape).double()
    torch.nn.functional.mse_loss(output, target).backward()
    inputs = {"x": x.double(), "target": target}
    inputs.update({f"param.{key}": value for key, value in model.named_parameters()})
    results = {"out": output, **{f"grad.{key}": value.grad for key, value in model.named_parameters()}}
    save("containers_stack", "containers", {}, inputs, results)


def main():
    embedding_case(700, 1, 1, (1,), None)
    embedding_case(701, 7, 3, (5,), None)
    embedding_case(702, 33, 65, (4, 6), 2)
    embedding_case(703, 130, 7, (3, 17), -1)
    embedding_case(704, 5, 3, (700,), None)
    layer_norm_case(710, (5, 3), (3,))
    layer_norm_case(711, (4, 1), (1,))
    layer_norm_case(712, (3, 7, 33), (33,))
    layer_norm_case(713, (65, 2, 7), (2, 7), affine=False)
    layer_norm_case(714, (2, 3, 4, 5), (3, 4, 5), eps=0.1)
    layer_norm_case(715, (2, 700), (700,))
    layer_norm_case(716, (3, 33), (33,), spread=100.0, name="layer_norm_far")
    containers_case(0)
