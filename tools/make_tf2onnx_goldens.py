#!/usr/bin/env python3
"""Keras models as tf2onnx exports them, with what Keras computes, into test/goldens/tf2onnx_*.onnx and tf2onnx.json.

Run from the repository root, with the Python packages tensorflow (or tensorflow-cpu) and tf2onnx: `python3 tools/make_tf2onnx_goldens.py`.
"""

import json
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
import tf2onnx  # noqa: E402
from keras import layers  # noqa: E402

FOLDER = pathlib.Path("test/goldens")
OPSET = 18
BATCH, TIME = 2, 7


def cases():
    """Parts of a model by name; the sizes of its input without the batch; the number of tokens."""
    rows = (None, 3)
    yield "lstm", [layers.LSTM(4, return_sequences=True), layers.LSTM(3), layers.Dense(2)], rows, None
    yield "lstm_both", [layers.Bidirectional(layers.LSTM(4, return_sequences=True)), layers.Dense(2)], rows, None
    yield "gru", [layers.GRU(4, return_sequences=True), layers.GRU(3, reset_after=False), layers.Dense(2)], (TIME, 3), None
    yield "gru_both", [layers.Bidirectional(layers.GRU(4)), layers.Dense(2, activation="softmax")], (TIME, 3), None
    yield "rnn", [layers.SimpleRNN(4), layers.Dense(2)], (TIME, 3), None
    yield "tokens", [layers.Embedding(9, 4), layers.GRU(4), layers.Dense(1, activation="sigmoid")], (TIME,), 9


def values(array):
    return {"shape": list(array.shape), "data": [float(one) for one in array.flatten()]}


def main():
    keras.utils.set_random_seed(18)
    generator = np.random.default_rng(18)
    made = {}
    for name, parts, sizes, tokens in cases():
        dtype = "int32" if tokens else "float32"
        model = keras.Sequential([keras.Input(sizes, dtype=dtype), *parts])
        spec = (tf.TensorSpec((None, *sizes), dtype, name="x"),)
        function = tf.function(lambda x, model=model: {"y": model(x, training=False)}, input_signature=spec)
        path = FOLDER / f"tf2onnx_{name}.onnx"
        tf2onnx.convert.from_function(function, input_signature=spec, opset=OPSET, output_path=str(path))
        x = generator.integers(0, tokens, (BATCH, TIME)) if tokens else generator.standard_normal((BATCH, TIME, 3))
        x = x.astype(dtype)
        made[name] = {"x": values(x), "y": values(model(x).numpy())}
    versions = {"tensorflow": tf.__version__, "keras": keras.__version__, "tf2onnx": tf2onnx.__version__}
    (FOLDER / "tf2onnx.json").write_text(json.dumps({**versions, "cases": made}) + "\n")
    print(f"{len(made)} models")


if __name__ == "__main__":
    main()
