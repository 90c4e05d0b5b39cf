"""Multi-head attention: outputs, weights and gradients."""

import torch

from .common import draw, save
from .one_input import camel

OPS = ["attention"]


def case(seed, suffix, queries, keys, *, same=False, masks=(), average=True, **options):
    """`queries` and `keys` are the shapes of query and key as the module takes them; the value has the key's, with vdim features."""
    generator = torch.Generator().manual_seed(seed)
    embed, heads = queries[-1], options.pop("heads")
    module = torch.nn.MultiheadAttention(embed, heads, **options).double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(draw(generator, *parameter.shape, scale=parameter.shape[-1] ** -0.5).float())
    query = draw(generator, *queries).requires_grad_()
    inputs = {"query": query}
    if same:
        key = value = query
    else:
        key = inputs["key"] = draw(generator, *keys).requires_grad_()
        value = inputs["value"] = draw(generator, *keys[:-1], options.get("vdim", keys[-1])).requires_grad_()
    batched, first = len(queries) == 3, options.get("batch_first", False)
    items = (queries[0] if first else queries[1]) if batched else 1
    length, count = (x.shape[1 if first and batched else 0] for x in (query, key))
    given = {}
    if "key_padding_mask" in masks:
        mask = torch.rand(*((items, count) if batched else (count,)), generator=generator) < 0.4
        mask[..., 0] = False
        given["key_padding_mask"] = mask
    for name, shape in (("attn_mask", (length, count)), ("attn_mask_of_heads", (items * heads, length, count))):
        if name in masks:
            mask = torch.rand(*shape, generator=generator) < 0.4
            mask[..., 0] = False
            given["attn_mask"] = mask
    if "attn_bias" in masks:
        given["attn_mask"] = draw(generator, length, count).requires_grad_()
    output, weights = module(query, key, value, average_attn_weights=average, **given)
    targets = draw(generator, *output.shape), draw(generator, *weights.shape)
    (torch.nn.functional.mse_loss(output, targets[0]) + torch.nn.functional.mse_loss(weights, targets[1])).backward()
    named = {"attnBias" if mask.is_floating_point() else camel(name): mask for name, mask in given.items()}
    parameters = dict(module.named_parameters())
    leaves = inputs | {name: mask for name, mask in named.items() if mask.is_floating_point()}
    stored = {key: value.double() for key, value in (inputs | named).items()}
    stored.update({"target_output": targets[0], "target_weights": targets[1]})
    stored.update({f"param.{key}": value for key, value in parameters.items()})
    results = {"out.output": output, "out.weights": weights}
    results.update({f"grad.{key}": leaf.grad for key, leaf in leaves.items()})
    results.update({f"grad.{key}": value.grad for key, value in parameters.items()})
    arguments = [embed, heads, {camel(key): value for key, value in options.items()}]
    save(f"attention_{suffix}", "attention", {"arguments": arguments, "same": same, "average": average}, stored, results)


def main():
    case(1400, "self", (5, 3, 6), None, heads=2, same=True)
    case(1401, "self_batch_first", (3, 5, 6), None, heads=3, same=True, batch_first=True, bias=False)
    case(1402, "cross", (4, 3, 6), (7, 3, 6), heads=2)
    case(1403, "other_features", (3, 4, 6), (3, 7, 5), heads=1, batch_first=True, kdim=5, vdim=4)
    case(1404, "one_sequence", (4, 6), (7, 6), heads=2, masks=["key_padding_mask", "attn_mask"])
    case(1405, "padding", (3, 4, 6), (3, 7, 6), heads=2, batch_first=True, masks=["key_padding_mask"])
    case(1406, "mask_weights_of_heads", (4, 3, 6), (7, 3, 6), heads=2, masks=["attn_mask"], average=False)
    case(1407, "masks_of_heads", (3, 4, 6), (3, 7, 6), heads=2, batch_first=True, masks=["key_padding_mask", "attn_mask_of_heads"])
    case(1408, "bias_of_scores", (5, 3, 6), None, heads=2, same=True, masks=["attn_bias"])
    case(1409, "one_query", (2, 1, 33), (2, 17, 33), heads=3, batch_first=True)
