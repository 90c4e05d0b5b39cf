"""Functions of tensors and their gradients: many small cases in a few files.

A file's option `cases` lists its cases with their options. A case's tensors have its name before them: inputs `NAME:0`, `NAME:1`, … and
`NAME:weights`, results `NAME:out` and `NAME:grad.0`, …; the loss is the sum of out times weights.
"""

import torch

from .common import draw, save

OPS = ["tensor"]

# By file, then by case: the function, and the shapes of its inputs.
CASES = {
    "arithmetic": {
        "add_same": (lambda a, b: a + b, [(3, 5), (3, 5)]),
        "add_broadcast": (lambda a, b: a + b, [(3, 1, 5), (4, 1)]),
        "add_scalar": (lambda a, b: a + b, [(2, 3), ()]),
        "add_twice": (lambda a: a + a, [(7,)]),
        "sub_broadcast": (lambda a, b: a - b, [(33,), (2, 7, 33)]),
        "mul_broadcast": (lambda a, b: a * b, [(65, 1, 3), (1, 7, 1)]),
        "mul_square": (lambda a: a * a, [(3, 7)]),
        "div_broadcast": (lambda a, b: a / b, [(2, 3, 1, 5), (3, 4, 1)]),
        "div_same": (lambda a, b: a / b, [(130,), (130,)]),
        "add_number": (lambda a: a + 1.5, [(3, 5)]),
        "sub_number": (lambda a: a - 0.3, [(3, 5)]),
        "mul_number": (lambda a: a * -2.7, [(3, 5)]),
        "div_number": (lambda a: a / 3, [(3, 5)]),
        "neg": (lambda a: -a, [(65,)]),
    },
    "views": {
        "select": (lambda x: x.select(1, -2), [(3, 5, 2)]),
        "slice": (lambda x: x[:, 1:-1], [(3, 5, 2)]),
        "slice_step": (lambda x: x[:, :, -6::3], [(2, 3, 7)]),
        "transpose": (lambda x: x.transpose(0, -1), [(2, 3, 4, 5)]),
        "permute": (lambda x: x.permute(2, 0, 3, 1), [(2, 3, 4, 5)]),
        "permute_six": (lambda x: x.permute(5, 3, 1, 4, 2, 0), [(2, 3, 2, 3, 2, 3)]),
        "reshape": (lambda x: x.reshape(6, -1), [(2, 3, 4)]),
        "flatten": (lambda x: x.flatten(1, 2), [(2, 3, 4, 5)]),
        "squeeze": (lambda x: x.squeeze(), [(1, 3, 1, 4)]),
        "expand": (lambda x: x.expand(4, -1, 5), [(3, 1)]),
        "cat": (lambda a, b, c: torch.cat([a, b, c], 1), [(3, 1, 2), (3, 4, 2), (3, 2, 2)]),
        "cat_last": (lambda a, b: torch.cat([a, b], -1), [(2, 3, 5), (2, 3, 1)]),
        "stack": (lambda a, b: torch.stack([a, b]), [(3, 2), (3, 2)]),
        "stack_last": (lambda a, b, c: torch.stack([a, b, c], -1), [(3, 2), (3, 2), (3, 2)]),
        "cat_select": (lambda a, b: torch.cat([a, b], 2)[:, -1], [(3, 4, 2), (3, 4, 5)]),
        "detach": (lambda a: a * a.detach(), [(3, 5)]),
    },
    "matmul": {
        # Of squares, so that the one sum does not cancel.
        "vector_vector": (lambda a, b: torch.matmul(a * a, b * b), [(130,), (130,)]),
        "matrix_vector": (torch.matmul, [(5, 7), (7,)]),
        "vector_matrix": (torch.matmul, [(7,), (7, 3)]),
        "matrix_matrix": (torch.matmul, [(33, 65), (65, 7)]),
        "matrix_matrix_long": (torch.matmul, [(600, 3), (3, 5)]),
        "batch_matrix": (torch.matmul, [(2, 3, 5, 7), (7, 4)]),
        "batch_vector": (torch.matmul, [(2, 3, 5, 7), (7,)]),
        "vector_batch": (torch.matmul, [(7,), (3, 7, 5)]),
        "matrix_batch": (torch.matmul, [(5, 7), (3, 7, 2)]),
        "batch_batch": (torch.matmul, [(6, 3, 33), (6, 33, 5)]),
        "batch_broadcast": (torch.matmul, [(2, 1, 3, 4), (5, 4, 2)]),
        "batch_of_one": (torch.matmul, [(3, 4), (1, 4, 2)]),
    },
    "pointwise": {
        "relu": (torch.relu, [(3, 33)]),
        "tanh": (torch.tanh, [(3, 33)]),
        "sigmoid": (torch.sigmoid, [(3, 33)]),
        "exp": (torch.exp, [(3, 33)]),
        "log": (lambda x: torch.log(x * x + 0.1), [(3, 33)]),
        "tanh_far": (lambda x: torch.tanh(x * 20), [(33,)]),
        "sigmoid_far": (lambda x: torch.sigmoid(x * 40), [(33,)]),
    },
    "softmax": {
        "softmax_last": (lambda x: torch.softmax(x, -1), [(5, 7)]),
        "softmax_first": (lambda x: torch.softmax(x, 0), [(33, 3)]),
        "softmax_middle": (lambda x: torch.softmax(x, 1), [(2, 7, 3)]),
        "softmax_wide": (lambda x: torch.softmax(x, 1), [(2, 700)]),
        "softmax_far": (lambda x: torch.softmax(x * 50, 1), [(3, 7)]),
        "log_softmax_last": (lambda x: torch.log_softmax(x, -1), [(5, 7)]),
        "log_softmax_middle": (lambda x: torch.log_softmax(x, -2), [(2, 7, 3)]),
        "log_softmax_wide": (lambda x: torch.log_softmax(x, 1), [(2, 700)]),
        "log_softmax_far": (lambda x: torch.log_softmax(x * 50, 1), [(3, 7)]),
    },
    "sums": {
        "sum": (lambda x: x.sum(), [(3, 5)]),
        "sum_first": (lambda x: x.sum(0), [(65, 7)]),
        "sum_keepdim": (lambda x: x.sum(1, keepdim=True), [(3, 5, 2)]),
        "sum_outer": (lambda x: x.sum((0, 2)), [(3, 5, 7)]),
        "sum_alternate": (lambda x: x.sum((0, 2, 4), keepdim=True), [(2, 3, 4, 3, 2)]),
        "sum_long": (lambda x: x.sum(), [(3, 1500)]),
        "mean": (lambda x: x.mean(), [(33, 65)]),
        "mean_last": (lambda x: x.mean(-1), [(5, 130)]),
        "mean_keepdim": (lambda x: x.mean((1, 2), keepdim=True), [(3, 5, 2)]),
    },
}


def values(generator, shape):
    return draw(generator, torch.Size(shape).numel()).reshape(shape)


def main():
    for seed, (file, cases) in enumerate(CASES.items()):
        generator = torch.Generator().manual_seed(600 + seed)
        inputs, results = {}, {}
        for name, (function, shapes) in cases.items():
            tensors = [values(generator, shape) for shape in shapes]
            if name.startswith("div_"):
                # Away from zero, where a quotient says more about its divisor's last bit than about the division.
                tensors = [(x.sign() * (x.abs() + 0.5)).float().double() for x in tensors]
            for tensor in tensors:
                tensor.requires_grad_()
            out = function(*tensors)
            weights = values(generator, out.shape)
            (out * weights).sum().backward()
            inputs.update({f"{name}:{i}": tensor for i, tensor in enumerate(tensors)})
            inputs[f"{name}:weights"] = weights
            results[f"{name}:out"] = out
            results.update({f"{name}:grad.{i}": tensor.grad for i, tensor in enumerate(tensors)})
        options = {"cases": list(cases)}
        save(f"tensor_{file}", "tensor", options, inputs, results)
