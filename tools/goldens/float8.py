"""A file with every float8 of the two types that are read, and what PyTorch reads in them. Needs PyTorch 2 and the package safetensors."""

import safetensors.torch
import torch

from .common import OUT

OPS = ["float8"]


def main():
    bits = torch.arange(256).to(torch.uint8)
    tensors = {"e4m3": bits.view(torch.float8_e4m3fn), "e5m2": bits.clone().view(torch.float8_e5m2)}
    tensors.update({f"{name}.float": tensor.float() for name, tensor in list(tensors.items())})
    safetensors.torch.save_file(tensors, OUT / "float8_types.safetensors", {"torch": torch.__version__})
