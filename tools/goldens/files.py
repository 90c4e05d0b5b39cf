"""A file with a tensor of every number type, and what PyTorch reads in it."""

import numpy as np
import torch

import safetensors_file

from .common import OUT

OPS = ["file"]


def main():
    generator = torch.Generator().manual_seed(600)
    # Ordinary values, subnormal ones of a half, ties of the rounding, both zeros, infinities and NaN.
    values = torch.cat(
        [
            torch.randn(40, generator=generator),
            torch.randn(20, generator=generator) * 2.0**-15,
            torch.tensor([0.0, -0.0, 1.0, -1.0, 65504.0, 1 + 2.0**-11, 1 + 3 * 2.0**-11, 1 + 2.0**-8, 2.0**-24]),
            torch.tensor([float("inf"), float("-inf"), float("nan")]),
        ]
    )
    floats = {"f16": values.half(), "bf16": values.bfloat16(), "f32": values, "f64": values.double() / 3}
    whole = torch.tensor([0, 1, 2, 100, 127])
    integers = {
        "i64": torch.cat([whole, torch.tensor([-(2**40), 2**24])]),
        "i32": torch.cat([whole, torch.tensor([-(2**24)])]).int(),
        "i16": torch.cat([whole, torch.tensor([-300])]).short(),
        "i8": torch.cat([whole, torch.tensor([-128])]).char(),
        "u8": torch.cat([whole, torch.tensor([255])]).byte(),
        "bool": torch.tensor([True, False, True]),
        "scalar": torch.tensor(-7, dtype=torch.int32),
        "empty": torch.zeros(0, 3, dtype=torch.float16),
    }
    tensors = {}
    for name, tensor in {**floats, **integers}.items():
        bits = tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor
        tensors[name] = bits.numpy().view(np.uint16) if tensor.dtype == torch.bfloat16 else bits.numpy()
        tensors[f"{name}.value"] = tensor.double().numpy()
        tensors[f"{name}.float"] = tensor.float().numpy()
    path = OUT / "file_types.safetensors"
    safetensors_file.save(path, tensors, {"torch": torch.__version__, "umlaut": "Größe"}, bf16=("bf16",))

    again, _ = safetensors_file.load(path)
    for name in floats:
        np.testing.assert_array_equal(again[name].astype(np.float64), tensors[f"{name}.value"], err_msg=name)
