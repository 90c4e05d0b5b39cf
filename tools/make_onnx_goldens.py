#!/usr/bin/env python3
"""Exports small models with both exporters of PyTorch 2.x as ONNX, with what PyTorch computes in float64, into test/goldens/onnx_export_*.

Run from the repository root, with the Python packages torch (2.x), onnx and onnxscript: `python3 tools/make_onnx_goldens.py`. The exporter on
torch.export ("dynamo") does not take packed sequences, so those are exported with the one on TorchScript alone.
"""

import json
import pathlib
import warnings

import torch
from torch import nn
from torch.export import Dim

FOLDER = pathlib.Path("test/goldens")


class Tagger(nn.Module):
    """Tags every step: an embedding, two bidirectional layers, a linear layer."""

    def __init__(self, kind):
        super().__init__()
        self.embedding = nn.Embedding(11, 5)
        self.rnn = getattr(nn, kind)(5, 6, num_layers=2, bidirectional=True, batch_first=True)
        self.fc = nn.Linear(12, 4)

    def forward(self, tokens):
        return self.fc(self.rnn(self.embedding(tokens))[0])


class PackedTagger(Tagger):
    """The same for sequences of different lengths in any order."""

    def forward(self, tokens, lengths):
        pack = nn.utils.rnn.pack_padded_sequence
        packed = pack(self.embedding(tokens), lengths, batch_first=True, enforce_sorted=False)
        output, _ = nn.utils.rnn.pad_packed_sequence(
            self.rnn(packed)[0], batch_first=True, total_length=tokens.shape[1]
        )
        return self.fc(output)


class Detector(nn.Module):
    """A detector with a state: convolutions, normalization, pooling, an LSTM, attention over its steps."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv1d(3, 8, 5, stride=2, padding=2)
        self.norm = nn.BatchNorm1d(8)
        self.second = nn.Conv1d(8, 8, 3, padding=2, dilation=2, groups=2)
        self.pool = nn.MaxPool1d(2)
        self.lstm = nn.LSTM(8, 7)
        self.layer_norm = nn.LayerNorm(7)
        self.score = nn.Linear(7, 1)
        self.fc = nn.Linear(7, 2)
        with torch.no_grad():
            self.norm.running_mean.uniform_(-1, 1)
            self.norm.running_var.uniform_(0.5, 2)

    def forward(self, x, h, c):
        y = nn.functional.gelu(self.norm(self.first(x)))
        y = self.pool(nn.functional.elu(self.second(y))).permute(2, 0, 1)
        y, (h, c) = self.lstm(y, (h, c))
        y = self.layer_norm(y)
        weights = self.score(y).softmax(0)
        return torch.sigmoid(self.fc((weights * y).sum(0))), h, c


class Upsampler(nn.Module):
    """More elements in every way that PyTorch has for sequences, with a convolution between them."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(2, 2, 3, padding=1)
        self.ways = nn.ModuleList(
            nn.Upsample(**how)
            for how in (
                {"scale_factor": 2},
                {"scale_factor": 1.7},
                {"size": 9},
                {"scale_factor": 1.7, "mode": "linear"},
                {"size": 9, "mode": "linear"},
                {"scale_factor": 2, "mode": "linear", "align_corners": True},
            )
        )

    def forward(self, x):
        return tuple(way(self.conv(x)) for way in self.ways)


def cases():
    batch, time = Dim("batch"), Dim("time")
    for kind in ("LSTM", "GRU"):
        tokens = torch.randint(0, 11, (2, 5))
        shapes = {"tokens": {0: batch, 1: time}}
        other = {"tokens": torch.randint(0, 11, (3, 7))}
        for exporter in ("script", "dynamo"):
            yield f"{kind.lower()}_{exporter}", Tagger(kind), {"tokens": tokens}, shapes, ["logits"], other
        given = {"tokens": tokens, "lengths": torch.tensor([3, 5])}
        shapes = {**shapes, "lengths": {0: batch}}
        other = {"tokens": torch.randint(0, 11, (4, 7)), "lengths": torch.tensor([2, 7, 1, 5])}
        yield f"{kind.lower()}_packed_script", PackedTagger(kind), given, shapes, ["logits"], other
    for exporter in ("script", "dynamo"):
        given = {"x": torch.randn(1, 3, 24), "h": torch.zeros(1, 1, 7), "c": torch.zeros(1, 1, 7)}
        other = {"x": torch.randn(1, 3, 40), "h": torch.randn(1, 1, 7), "c": torch.randn(1, 1, 7)}
        shapes = {"x": {2: Dim.DYNAMIC if exporter == "dynamo" else Dim("samples")}, "h": None, "c": None}
        yield f"detector_{exporter}", Detector(), given, shapes, ["score", "hn", "cn"], other
        shapes = {"x": {0: batch, 2: Dim.DYNAMIC if exporter == "dynamo" else Dim("samples")}}
        outputs = [f"y{i}" for i in range(6)]
        yield f"upsampler_{exporter}", Upsampler(), {"x": torch.randn(2, 2, 7)}, shapes, outputs, {"x": torch.randn(3, 2, 10)}


def export(path, model, given, shapes, outputs):
    common = {"input_names": list(given), "output_names": outputs}
    args = tuple(given.values())
    if path.stem.endswith("dynamo"):
        dynamic = tuple(shapes[name] for name in given)
        torch.onnx.export(
            model, args, path, dynamo=True, dynamic_shapes=dynamic, external_data=False, verbose=False, **common
        )
    else:
        axes = {name: {dim: size.__name__ for dim, size in dims.items()} for name, dims in shapes.items() if dims}
        torch.onnx.export(model, args, path, dynamo=False, dynamic_axes=axes, **common)


def packed(tensor):
    return {"shape": list(tensor.shape), "data": tensor.flatten().tolist()}


def main():
    warnings.filterwarnings("ignore")
    torch.manual_seed(1200)
    wanted = {}
    for name, model, given, shapes, outputs, other in cases():
        model.eval()
        export(FOLDER / f"onnx_export_{name}.onnx", model, given, shapes, outputs)
        model.double()
        with torch.no_grad():
            result = model(*(value.double() if value.is_floating_point() else value for value in other.values()))
        results = result if isinstance(result, tuple) else (result,)
        wanted[name] = {
            "inputs": {key: packed(value) for key, value in other.items()},
            "outputs": {key: packed(value) for key, value in zip(outputs, results)},
        }
    (FOLDER / "onnx_export.json").write_text(json.dumps({"torch": torch.__version__, "cases": wanted}) + "\n")
    print(f"{len(wanted)} models")


if __name__ == "__main__":
    main()
