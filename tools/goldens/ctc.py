"""Connectionist temporal classification."""

import torch

from .common import draw, save
from .one_input import camel

OPS = ["ctc"]


def case(seed, suffix, shape, width, input_lengths, target_lengths, *, repeats=False, **options):
    """Scores of this shape, whose log-softmax is the input; the gradient is that of the scores, and of the log-probabilities."""
    generator = torch.Generator().manual_seed(seed)
    scores = draw(generator, *shape, scale=2.0).requires_grad_()
    classes, blank = shape[-1], options.get("blank", 0)
    batched = len(shape) == 3
    target_shape = (shape[1], width) if batched else (width,)
    targets = torch.randint(classes - 1, target_shape, generator=generator)
    targets = targets + (targets >= blank)
    if repeats:
        targets[..., 1::2] = targets[..., ::2][..., : targets[..., 1::2].shape[-1]]
    log_probs = scores.log_softmax(-1)
    log_probs.retain_grad()
    module = torch.nn.CTCLoss(**options)
    lengths = [torch.tensor(given if batched else given[0]) for given in (input_lengths, target_lengths)]
    loss = module(log_probs, targets, *lengths)
    weights = draw(generator, max(loss.numel(), 1)).reshape(loss.shape)
    (loss * weights).sum().backward()
    inputs = {"scores": scores, "targets": targets.double(), "weights": weights}
    inputs.update({"input_lengths": lengths[0].double(), "target_lengths": lengths[1].double()})
    results = {"out": loss, "grad.scores": scores.grad, "grad.log_probs": log_probs.grad}
    save(f"ctc_{suffix}", "ctc", {"options": {camel(key): value for key, value in options.items()}}, inputs, results)


def main():
    case(1500, "mean", (12, 3, 5), 4, [12, 9, 5], [4, 3, 1])
    case(1501, "sum_last_blank", (7, 2, 4), 3, [7, 6], [2, 3], reduction="sum", blank=3)
    case(1502, "none_repeats", (17, 3, 6), 5, [17, 15, 11], [5, 4, 5], reduction="none", repeats=True)
    case(1503, "empty_targets", (5, 3, 4), 2, [5, 3, 1], [0, 2, 0], reduction="none")
    case(1504, "one_item", (9, 5), 3, [8], [3])
    case(1505, "one_item_none", (9, 5), 3, [9], [3], reduction="none")
    case(1506, "zero_infinity", (6, 3, 4), 5, [6, 3, 6], [3, 5, 2], reduction="none", zero_infinity=True)
    case(1507, "zero_infinity_mean", (6, 3, 4), 5, [6, 3, 6], [3, 5, 0], zero_infinity=True)
    case(1508, "many_states", (80, 2, 7), 36, [80, 78], [36, 33])
    case(1509, "one_step", (1, 2, 3), 1, [1, 1], [1, 0], reduction="sum")
