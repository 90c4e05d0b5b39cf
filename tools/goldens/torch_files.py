"""Files of torch.save, and what PyTorch reads in them; and files that must be refused."""

import io
import json
import math
import os
import pickle
import zipfile

import torch

from .common import OUT

OPS = ["torch_file"]


def main():
    for old in OUT.glob("torch_file_*.pt"):
        # saveTorch wrote that one, and npm run test:interop has PyTorch read it: it is out/interop/sample.pt.
        if old.name != "torch_file_saved.pt":
            old.unlink()
    expected = {}
    for name, value in loadable().items():
        path = save(name, value)
        expected[name] = plain(torch.load(path, weights_only=True))
    for protocol in (3, 4, 5):
        path = save(f"protocol{protocol}", small(), pickle_protocol=protocol)
        expected[f"protocol{protocol}"] = plain(small())
    torch.save(small(), path_of("named"))
    expected["named"] = plain(small())
    torch.serialization.set_crc32_options(False)
    save("no_checksum", small())
    torch.serialization.set_crc32_options(True)
    expected["no_checksum"] = plain(small())
    swap_bytes(path_of("types"), path_of("big_endian"))
    big = torch.load(path_of("big_endian"), weights_only=True)
    expected["big_endian"] = plain(big)
    assert expected["big_endian"] == expected["types"]
    (OUT / "torch_file_expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")
    refused()


def path_of(name):
    return OUT / f"torch_file_{name}.pt"


def save(name, value, **options):
    path = path_of(name)
    # By a file without a name the archive's folder is always called "archive".
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    path.write_bytes(buffer.getvalue())
    return path


def small():
    return {"w": torch.arange(6.0).reshape(2, 3), "step": 7, "names": ["a", "b"]}


def loadable():
    """Small saved objects by name."""
    torch.manual_seed(900)
    lstm = torch.nn.LSTM(3, 4, num_layers=2, bidirectional=True)
    gru = torch.nn.Sequential(torch.nn.GRU(2, 3, batch_first=True))
    base = torch.arange(24.0)
    tied = torch.randn(4)
    floats = torch.cat(
        [torch.randn(5), torch.tensor([0.0, -0.0, 65504.0, 2.0**-24, float("inf"), -float("inf"), float("nan")])]
    )
    whole = [0, 1, 100, 127]
    return {
        "lstm": lstm.state_dict(),
        "gru": gru.state_dict(),
        "checkpoint": checkpoint(),
        "views": {
            "base": base,
            "slice": base[2:5],
            "transposed": base.view(4, 6).t(),
            "stepped": base[1::3],
            "overlapping": base.as_strided((4, 3), (2, 1), 5),
            "expanded": base[:3].reshape(3, 1).expand(3, 4),
            "permuted": base.view(2, 3, 4).permute(2, 0, 1),
            "one": base[23],
            "tied": [tied, tied.view(4), tied.view(2, 2)],
        },
        "types": {
            "f16": floats.half(),
            "bf16": floats.bfloat16(),
            "f32": floats,
            "f64": floats.double() / 3,
            "i64": torch.tensor([*whole, -(2**24)]),
            "i32": torch.tensor([*whole, -300], dtype=torch.int32),
            "i16": torch.tensor([*whole, -300], dtype=torch.int16),
            "i8": torch.tensor([*whole, -128], dtype=torch.int8),
            "u8": torch.tensor([*whole, 255], dtype=torch.uint8),
            "bool": torch.tensor([True, False, True]),
            "half_transposed": torch.randn(2, 3).half().t(),
            "scalar": torch.tensor(-7, dtype=torch.int16),
            "empty": torch.zeros(0, 3),
            "parameter": torch.nn.Parameter(torch.randn(2)),
        },
        "untyped": {
            "u64": torch.tensor([*whole, 2**40], dtype=torch.uint64),
            "u32": torch.tensor([*whole, 2**31], dtype=torch.uint32),
            "u16": torch.tensor([*whole, 65535], dtype=torch.uint16),
            "u16_stepped": torch.arange(7, dtype=torch.int16).view(torch.uint16)[1::2],
            "e4m3": torch.tensor([0.1, -448, 2.0**-9, float("nan")]).to(torch.float8_e4m3fn),
            "e5m2": torch.tensor([0.1, -57344, 2.0**-16, float("inf")]).to(torch.float8_e5m2),
        },
        "large_integers": torch.tensor([2**53 + 1, -(2**62), 3]),
    }


def checkpoint():
    """A model and Adam after two steps, and the values of a training loop beside them."""
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(2):
        optimizer.zero_grad()
        model(torch.randn(4, 3)).square().sum().backward()
        optimizer.step()
    return {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "epoch": 3,
        "loss": 0.1 + 0.2,
        "history": [0.5, 0.25, float("inf"), -1],
        "best": None,
        "done": False,
        "note": "Größe 😀",
        "shape": torch.Size([2, 3]),
        "pair": (1, "b"),
        "integers": [255, 256, 65535, 65536, -1, 2**31, -(2**31) - 1, 2**53 - 1, 2**53, -(2**100)],
        "__proto__": {"polluted": True},
        "": [[], {}, ()],
    }


def plain(value):
    """A value for JSON: a tensor with its type and exact values as text, a dict as its items, a tuple by name."""
    if torch.is_tensor(value):
        numbers = value.detach().double() if value.is_floating_point() else value.to(torch.int64)
        return {
            "tensor": str(value.dtype).removeprefix("torch."),
            "shape": list(value.shape),
            "values": [number(item) for item in numbers.flatten().tolist()],
        }
    if isinstance(value, dict):
        return {"dict": [[str(key), plain(item)] for key, item in value.items()]}
    if isinstance(value, list):
        return {"list": [plain(item) for item in value]}
    if isinstance(value, tuple):
        return {"tuple": [plain(item) for item in value]}
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return {"number": number(value)}
    return value


def number(value):
    """As JavaScript's Number() and BigInt() read it."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return repr(value)


def swap_bytes(source, target):
    """The same file as a big-endian machine writes it."""
    sizes = {"Double": 8, "Long": 8, "Float": 4, "Int": 4, "Half": 2, "BFloat16": 2, "Short": 2}
    kinds = {}

    class Types(pickle.Unpickler):
        """Notes each storage's type; makes nothing."""

        def find_class(self, module, name):
            return name if name.endswith("Storage") else lambda *args: args

        def persistent_load(self, saved):
            kinds[saved[2]] = saved[1].removesuffix("Storage")

    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        Types(io.BytesIO(old.read("archive/data.pkl"))).load()
        for name in old.namelist():
            content = old.read(name)
            if name.startswith("archive/data/"):
                size = sizes.get(kinds[name.split("/")[-1]], 1)
                content = b"".join(content[at : at + size][::-1] for at in range(0, len(content), size))
            elif name.endswith("/byteorder"):
                content = b"big"
            new.writestr(zipfile.ZipInfo(name), content)


class Command:
    """A pickle that runs a program when Python loads it."""

    def __reduce__(self):
        return os.system, ("echo this must never run",)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(1, 1)

    def forward(self, x):
        return self.fc(x)


def refused():
    save("refused_legacy", small(), _use_new_zipfile_serialization=False)
    save("refused_module", torch.nn.Linear(1, 1))
    save("refused_command", {"w": torch.zeros(1), "run": Command()})
    save("refused_numpy", {"loss": torch.zeros(1).numpy()[0]})
    save("refused_float8", {"x": torch.zeros(2, dtype=torch.float8_e8m0fnu)})
    save("refused_complex", {"x": torch.zeros(2, dtype=torch.complex64)})
    save("refused_sparse", {"x": torch.eye(2).to_sparse()})
    save("refused_dtype", {"dtype": torch.float32})
    save("refused_set", {"seen": {1, 2}})
    save("refused_storage", {"x": torch.zeros(2).untyped_storage()})
    cycle = []
    cycle.append(cycle)
    save("refused_cycle", {"x": torch.zeros(1), "cycle": cycle})
    torch.jit.save(torch.jit.script(Net()), path_of("refused_torchscript"))
    save("refused_expanded", torch.zeros(1).expand(1_000_000, 1_000_000))
    with zipfile.ZipFile(path_of("protocol4")) as old:
        with zipfile.ZipFile(path_of("refused_compressed"), "w", zipfile.ZIP_DEFLATED) as new:
            for name in old.namelist():
                new.writestr(name, old.read(name))
