"""Modules of one tensor that stand around recurrent layers: convolutions, pooling, normalization, padding."""

import re

import torch

from .common import draw, save
from .special_cases import N, V, Cases, differentiated

OPS = ["conv1d", "conv_transpose1d", "pool", "upsample", "group_norm", "batch_norm", "pad", "unusual", "drawn"]


def camel(name):
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)


def case(seed, op, suffix, module, shape, arguments, options):
    """
    One module on one input. `arguments` and `options` are what the module was made with; the test makes its own with them.
    """
    generator = torch.Generator().manual_seed(seed)
    module = module.double()
    with torch.no_grad():
        for parameter in module.parameters():
            fan = parameter[0].numel() if parameter.dim() > 1 else 1
            parameter.copy_(draw(generator, *parameter.shape, scale=fan**-0.5).float())
    x = draw(generator, *shape).requires_grad_()
    output = module(x)
    target = draw(generator, *output.shape)
    torch.nn.functional.mse_loss(output, target).backward()
    parameters = dict(module.named_parameters())
    inputs = {"x": x, "target": target, **{f"param.{key}": value for key, value in parameters.items()}}
    results = {"out": output, "grad.x": x.grad}
    results.update({f"grad.{key}": value.grad for key, value in parameters.items()})
    given = {"arguments": [*arguments, {camel(key): value for key, value in options.items()}]}
    save(f"{op}_{suffix}", op, given, inputs, results)


def conv1d(seed, suffix, shape, *arguments, **options):
    case(seed, "conv1d", suffix, torch.nn.Conv1d(*arguments, **options), shape, arguments, options)


def convolutions():
    conv1d(1000, "plain", (3, 5, 17), 5, 7, 3)
    conv1d(1001, "one", (1, 1, 1), 1, 1, 1)
    conv1d(1002, "pointwise_no_bias", (2, 33, 7), 33, 65, 1, bias=False)
    conv1d(1003, "stride_padding", (3, 3, 33), 3, 4, 5, stride=3, padding=2)
    conv1d(1004, "dilation", (2, 4, 20), 4, 3, 3, dilation=4, padding=3)
    conv1d(1005, "stride_beyond_kernel", (2, 3, 19), 3, 5, 2, stride=4)
    conv1d(1006, "groups", (3, 6, 13), 6, 9, 3, groups=3, padding=1)
    conv1d(1007, "depthwise", (2, 5, 11), 5, 10, 4, groups=5, stride=2, padding=3)
    conv1d(1008, "same", (2, 3, 10), 3, 2, 4, padding="same")
    conv1d(1009, "same_dilated", (2, 3, 12), 3, 2, 4, padding="same", dilation=3)
    conv1d(1010, "valid", (2, 3, 10), 3, 2, 4, padding="valid")
    conv1d(1011, "unbatched", (3, 10), 3, 4, 3, padding=1)
    conv1d(1012, "reflect", (2, 3, 9), 3, 4, 3, padding=2, padding_mode="reflect")
    conv1d(1013, "replicate", (2, 3, 9), 3, 4, 3, padding=12, padding_mode="replicate", stride=2)
    conv1d(1014, "circular_same", (2, 3, 9), 3, 4, 6, padding="same", padding_mode="circular")
    conv1d(1015, "reflect_unbatched", (3, 9), 3, 4, 3, padding=1, padding_mode="reflect")
    conv1d(1016, "wide", (1, 34, 70), 34, 66, 3, padding=1)
    conv1d(1017, "many_items", (65, 2, 9), 2, 3, 5, padding=2)
    conv1d(1018, "padding_beyond_input", (2, 2, 3), 2, 3, 4, padding=6, stride=2)


def conv_transpose1d(seed, suffix, shape, *arguments, **options):
    module = torch.nn.ConvTranspose1d(*arguments, **options)
    case(seed, "conv_transpose1d", suffix, module, shape, arguments, options)


def transposed_convolutions():
    conv_transpose1d(1030, "plain", (3, 5, 7), 5, 4, 3)
    conv_transpose1d(1031, "one", (1, 1, 1), 1, 1, 1)
    conv_transpose1d(1032, "stride", (2, 33, 7), 33, 35, 4, stride=3)
    conv_transpose1d(1033, "stride_beyond_kernel", (2, 3, 6), 3, 2, 2, stride=5, output_padding=3)
    conv_transpose1d(1034, "padding_dilation", (2, 3, 9), 3, 2, 3, padding=4, dilation=3, output_padding=1)
    conv_transpose1d(1035, "groups_no_bias", (2, 6, 9), 6, 4, 3, stride=2, padding=1, groups=2, bias=False)
    conv_transpose1d(1036, "depthwise", (2, 5, 9), 5, 5, 5, stride=2, padding=2, output_padding=1, groups=5)
    conv_transpose1d(1037, "unbatched", (3, 9), 3, 4, 3, padding=1)
    conv_transpose1d(1038, "many_items", (66, 2, 9), 2, 3, 4, stride=2)


def pools():
    def pool(seed, suffix, kind, shape, *arguments, **options):
        module = getattr(torch.nn, kind)(*arguments, **options)
        case(seed, "pool", f"{kind}_{suffix}", module, shape, [kind, *arguments], options)

    pool(1200, "plain", "MaxPool1d", (2, 3, 17), 3)
    pool(1201, "one", "MaxPool1d", (1, 1, 1), 1)
    pool(1202, "overlap_padding", "MaxPool1d", (2, 3, 17), 5, stride=2, padding=2)
    pool(1203, "dilation", "MaxPool1d", (2, 3, 20), 3, stride=1, padding=1, dilation=4)
    pool(1204, "gaps", "MaxPool1d", (2, 3, 33), 2, stride=5)
    pool(1205, "ceil", "MaxPool1d", (2, 3, 10), 3, stride=4, padding=1, ceil_mode=True)
    pool(1206, "ceil_beyond", "MaxPool1d", (2, 3, 5), 2, stride=3, padding=1, ceil_mode=True)
    pool(1207, "unbatched", "MaxPool1d", (3, 9), 4, stride=3)
    pool(1208, "whole", "MaxPool1d", (65, 2, 33), 33)
    pool(1210, "plain", "AvgPool1d", (2, 3, 17), 3)
    pool(1211, "padding", "AvgPool1d", (2, 3, 17), 5, stride=2, padding=2)
    pool(1212, "not_counted", "AvgPool1d", (2, 3, 17), 5, stride=2, padding=2, count_include_pad=False)
    pool(1213, "gaps", "AvgPool1d", (2, 3, 33), 2, stride=5)
    pool(1214, "ceil", "AvgPool1d", (2, 3, 10), 3, stride=4, padding=1, ceil_mode=True)
    pool(1215, "ceil_not_counted", "AvgPool1d", (2, 3, 8), 3, stride=2, padding=1, ceil_mode=True, count_include_pad=False)
    pool(1216, "unbatched", "AvgPool1d", (3, 9), 4, stride=1)
    pool(1217, "long", "AvgPool1d", (1, 2, 200), 70, stride=3)
    pool(1220, "plain", "AdaptiveAvgPool1d", (2, 3, 17), 5)
    pool(1221, "one", "AdaptiveAvgPool1d", (2, 3, 130), 1)
    pool(1222, "longer", "AdaptiveAvgPool1d", (2, 3, 7), 17)
    pool(1223, "same", "AdaptiveAvgPool1d", (3, 9), 9)


def upsamples():
    def upsample(seed, suffix, shape, **options):
        case(seed, "upsample", suffix, torch.nn.Upsample(**options), shape, [], options)

    upsample(1240, "nearest_twice", (2, 3, 7), scale_factor=2)
    upsample(1241, "nearest_size", (2, 3, 7), size=17)
    upsample(1242, "nearest_fraction", (2, 3, 13), scale_factor=2.7)
    upsample(1243, "nearest_recomputed", (2, 3, 13), scale_factor=2.7, recompute_scale_factor=True)
    upsample(1244, "nearest_down", (2, 3, 33), scale_factor=0.3)
    upsample(1245, "linear_twice", (2, 3, 7), scale_factor=2, mode="linear")
    upsample(1246, "linear_size", (2, 3, 7), size=17, mode="linear")
    upsample(1247, "linear_corners", (2, 3, 7), size=17, mode="linear", align_corners=True)
    upsample(1248, "linear_corners_one", (2, 3, 7), size=1, mode="linear", align_corners=True)
    upsample(1249, "linear_fraction", (2, 3, 13), scale_factor=1.7, mode="linear", align_corners=False)
    upsample(1250, "linear_recomputed", (2, 3, 13), scale_factor=1.7, mode="linear", recompute_scale_factor=True)
    upsample(1251, "linear_down", (2, 3, 33), scale_factor=0.3, mode="linear")
    upsample(1252, "linear_from_one", (2, 3, 1), size=5, mode="linear")
    upsample(1253, "linear_same", (2, 3, 5), size=5, mode="linear")
    upsample(1254, "nearest_long", (1, 2, 130), size=301)


def group_norms():
    def group_norm(seed, suffix, shape, *arguments, **options):
        case(seed, "group_norm", suffix, torch.nn.GroupNorm(*arguments, **options), shape, arguments, options)

    group_norm(1300, "plain", (3, 6, 17), 3, 6)
    group_norm(1301, "one_group", (2, 5, 7), 1, 5)
    group_norm(1302, "each_channel", (2, 5, 33), 5, 5, eps=0.1)
    group_norm(1303, "no_length", (4, 6), 2, 6)
    group_norm(1304, "two_lengths_plain", (2, 4, 3, 5), 2, 4, affine=False)
    group_norm(1305, "many", (1, 4, 700), 2, 4)


def batch_norm(seed, suffix, shape, channels, spread=1.0, **options):
    """Three batches in training mode, then one in evaluation mode: outputs, gradients, and the state after the three."""
    generator = torch.Generator().manual_seed(seed)
    module = torch.nn.BatchNorm1d(channels, **options).double()
    with torch.no_grad():
        for name, value in module.state_dict().items():
            if name == "num_batches_tracked":
                continue
            drawn = draw(generator, *value.shape)
            value.copy_(drawn.abs() if name == "running_var" else drawn)
    inputs = {f"state.{key}": value.clone().double() for key, value in module.state_dict().items()}
    results = {}
    for i in range(4):
        module.train(i < 3)
        x = (draw(generator, *shape) * spread + (spread - 1)).float().double().requires_grad_()
        target = draw(generator, *shape)
        module.zero_grad()
        output = module(x)
        torch.nn.functional.mse_loss(output, target).backward()
        inputs.update({f"x.{i}": x.detach(), f"target.{i}": target})
        results.update({f"out.{i}": output, f"grad.x.{i}": x.grad})
        results.update({f"grad.{key}.{i}": value.grad.clone() for key, value in module.named_parameters()})
        if i == 2:
            results.update({f"after.{key}": value.clone().double() for key, value in module.state_dict().items()})
    given = {"arguments": [channels, {camel(key): value for key, value in options.items()}]}
    save(f"batch_norm_{suffix}", "batch_norm", given, inputs, results)


def batch_norms():
    batch_norm(1320, "plain", (3, 5, 17), 5)
    batch_norm(1321, "no_length", (7, 3), 3, eps=0.1, momentum=0.3)
    batch_norm(1322, "cumulative", (2, 4, 6), 4, momentum=None)
    batch_norm(1323, "no_affine", (2, 3, 9), 3, affine=False)
    batch_norm(1324, "no_tracking", (2, 3, 9), 3, track_running_stats=False)
    batch_norm(1325, "many", (65, 2, 33), 2)
    batch_norm(1326, "far", (4, 3, 33), 3, spread=100.0)
    batch_norm(1327, "few_values", (1, 3, 3), 3)


def pad(seed, suffix, shape, padding, mode="constant", value=0.0):
    generator = torch.Generator().manual_seed(seed)
    x = draw(generator, *shape).requires_grad_()
    if mode != "constant":
        output = torch.nn.functional.pad(x, padding, mode)
    else:
        output = torch.nn.functional.pad(x, padding, mode, value)
    weights = draw(generator, *output.shape)
    (output * weights).sum().backward()
    arguments = [list(padding), mode, value]
    save(f"pad_{suffix}", "pad", {"arguments": arguments}, {"x": x, "weights": weights}, {"out": output, "grad.x": x.grad})


def pads():
    pad(1050, "constant", (3, 4, 5), (2, 1))
    pad(1051, "constant_value_two_dims", (3, 4, 5), (2, 0, 1, 3), value=-1.5)
    pad(1052, "constant_all_dims", (2, 3, 4), (1, 2, 0, 1, 3, 0), value=7.0)
    pad(1053, "constant_crop", (3, 4, 7), (-2, 1, 2, -3))
    pad(1054, "reflect", (3, 4, 5), (4, 3), "reflect")
    pad(1055, "reflect_two_dims", (2, 3, 4, 5), (3, 0, 1, 3), "reflect")
    pad(1056, "reflect_two", (2, 3, 2), (1, 1), "reflect")
    pad(1057, "replicate", (3, 4, 5), (7, 3), "replicate")
    pad(1058, "replicate_crop", (3, 4, 6), (-2, 3), "replicate")
    pad(1059, "replicate_two_dims", (2, 2, 3, 4), (1, 2, 3, 4), "replicate")
    pad(1060, "replicate_single", (2, 3, 1), (4, 2), "replicate")
    pad(1061, "circular", (3, 4, 5), (5, 4), "circular")
    pad(1062, "circular_two_dims", (2, 3, 4, 5), (1, 2, 4, 0), "circular")
    pad(1063, "long", (1, 3, 130), (3, 5), "reflect")


def unusual():
    """Special values, one to a channel, so that none reaches another: in x, in the weight, and in the gradient of the output."""
    F = torch.nn.functional
    cases = Cases()
    ends = torch.full([N, 1], 0.5)
    rows = torch.cat([ends, V[:, None], -ends, 2 * ends], 1)
    taps = torch.cat([V[:, None], ends, -ends], 1)
    plain_rows = torch.tensor([0.5, -1.0, 2.0, 0.25]).expand(N, 4)
    plain_taps = torch.tensor([1.5, -0.5, 2.0]).expand(N, 3)
    bias = V.flip(0)

    def depthwise(x, weight, bias, weights, **options):
        conv = differentiated(lambda x, weight, bias: F.conv1d(x, weight, bias, groups=N, **options))
        return {"x": x[None], "weight": weight[:, None], "bias": bias, "weights": weights}, conv

    zeros = torch.zeros(N)
    cases.add("conv1d_x", *depthwise(rows, plain_taps, zeros, [1.5], padding=1))
    cases.add("conv1d_weight", *depthwise(plain_rows, taps, zeros, [1.5], padding=1))
    cases.add("conv1d_weight_stride", *depthwise(plain_rows, taps, zeros, [1.5], padding=2, stride=2))
    cases.add("conv1d_bias", *depthwise(plain_rows, plain_taps, bias, [1.5], padding=1))
    cases.add("conv1d_grad", *depthwise(plain_rows, plain_taps, zeros, rows[None], padding=1))

    def transposed(*given, **options):
        inputs, _ = depthwise(*given)
        conv = lambda x, weight, bias: F.conv_transpose1d(x, weight, bias, groups=N, **options)
        return inputs, differentiated(conv)

    cases.add("conv_transpose1d_x", *transposed(rows, plain_taps, zeros, [1.5], padding=1))
    cases.add("conv_transpose1d_weight", *transposed(plain_rows, taps, zeros, [1.5], stride=2, padding=1))
    cases.add("conv_transpose1d_bias", *transposed(plain_rows, plain_taps, bias, [1.5], padding=1))
    cases.add("conv_transpose1d_grad", *transposed(plain_rows, plain_taps, zeros, rows[None], padding=1))
    for mode in ("reflect", "replicate", "circular"):
        edge = torch.stack([V, ends[:, 0], -ends[:, 0]], 1)
        padded = differentiated(lambda x, mode=mode: F.pad(x, (2, 1), mode))
        cases.add(f"pad_{mode}", {"x": edge, "weights": [1.5]}, padded)
    cases.add("pad_constant", {"x": edge, "weights": [1.5]}, differentiated(lambda x: F.pad(x, (2, -1), value=float("-inf"))))
    pooled = torch.stack([V, ends[:, 0], V.flip(0), -ends[:, 0]], 1)
    ordered = {"x": pooled, "weights": [1.5, -0.5, 2.0]}
    cases.add("max_pool", ordered, differentiated(lambda x: F.max_pool1d(x, 2, 1)))
    cases.add("max_pool_padding", {"x": pooled, "weights": [1.5]}, differentiated(lambda x: F.max_pool1d(x, 3, 2, 1, ceil_mode=True)))
    cases.add("max_pool_grad", {"x": plain_rows, "weights": torch.stack([V, V.flip(0)], 1)}, differentiated(lambda x: F.max_pool1d(x, 2, 2)))
    cases.add("avg_pool", ordered, differentiated(lambda x: F.avg_pool1d(x, 2, 1)))
    cases.add("avg_pool_grad", {"x": plain_rows, "weights": torch.stack([V, V.flip(0)], 1)}, differentiated(lambda x: F.avg_pool1d(x, 2, 2)))
    cases.add("adaptive_avg_pool", ordered, differentiated(lambda x: F.adaptive_avg_pool1d(x, 3)))
    # Where the sum of squares overflows, PyTorch's answer depends on how many values its vectors have.
    small = V[~(V.abs() > 1e18) | ~V.isfinite()]
    count = len(small)
    others = [torch.full_like(small, value) for value in (0.5, -1.0, 2.0)]
    spread = torch.stack([small, *others], 0)
    ones = {"weight": torch.full([count], 1.5), "bias": torch.full([count], 0.25), "weights": [[1.5], [-0.5], [1.0], [2.0]]}
    statistics = torch.zeros(count), torch.ones(count)

    def training(x, weight, bias):
        return F.batch_norm(x, *(value.clone() for value in statistics), weight, bias, True)

    cases.add("batch_norm", {"x": spread, **ones}, differentiated(training))
    # PyTorch multiplies x and the mean with an infinite weight before it subtracts one from the other on the CPU, and not on CUDA.
    weight = torch.where(small.isinf(), 2.0, small)
    rows = {"x": spread[1:].flip(0) * torch.arange(1, count + 1), **ones, "weight": weight, "weights": [[1.5], [-0.5], [1.0]]}
    cases.add("batch_norm_weight", rows, differentiated(training))
    cases.add("batch_norm_eval", {"x": spread, **ones}, differentiated(lambda x, weight, bias: F.batch_norm(x, *statistics, weight, bias)))
    cases.add("group_norm", {"x": spread.T[None], **ones, "weights": [1.5, -0.5, 1.0, 2.0]}, differentiated(lambda x, weight, bias: F.group_norm(x, count, weight, bias)))
    nearest = lambda x: F.interpolate(x, 7)
    linear = lambda x: F.interpolate(x, 7, mode="linear")
    cases.add("upsample_nearest", {"x": pooled[None], "weights": [1.5]}, differentiated(nearest))
    cases.add("upsample_linear", {"x": pooled[None], "weights": [1.5]}, differentiated(linear))
    cases.add("upsample_grad", {"x": plain_rows[None], "weights": V[None, :, None]}, differentiated(linear))
    cases.save("unusual_layers")


def drawn():
    """Initial parameters, drawn one module after the other after one seed."""
    torch.manual_seed(1100)
    modules = {"conv": torch.nn.Conv1d(4, 6, 3, groups=2), "plain": torch.nn.Conv1d(5, 2, 1, bias=False)}
    modules["transposed"] = torch.nn.ConvTranspose1d(4, 6, 3, groups=2)
    modules["attention"] = torch.nn.MultiheadAttention(6, 2)
    modules["attention_of_others"] = torch.nn.MultiheadAttention(4, 2, kdim=3, vdim=5, bias=False)
    tensors = {f"{name}.{key}": value for name, module in modules.items() for key, value in module.state_dict().items()}
    save("drawn_modules", "drawn", {"seed": 1100}, {key: value.double() for key, value in tensors.items()}, {})


def main():
    convolutions()
    transposed_convolutions()
    pools()
    upsamples()
    group_norms()
    batch_norms()
    pads()
    drawn()
    # As in float64: oneDNN's float32 kernels do not multiply with padding.
    with torch.backends.mkldnn.flags(enabled=False):
        unusual()
