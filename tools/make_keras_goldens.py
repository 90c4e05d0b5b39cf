#!/usr/bin/env python3
"""Small models of Keras 3 with what it computes in float64, into test/goldens/keras.json.

Run from the repository root, with the Python packages keras (3.x) and torch: `KERAS_BACKEND=torch python3 tools/make_keras_goldens.py`. They cover what
TensorFlow.js does not compute itself: GRUs that reset after their product, causal and grouped convolutions, the functions that Keras 3 changed. The
files have the form that tensorflowjs_converter gives them: Keras' own description of the model, and weights under their paths.
"""

import base64
import json
import pathlib

import keras
import numpy as np
from keras import layers

keras.config.set_floatx("float64")
generator = np.random.default_rng(14)


def bidirectional(kind, units, merge_mode, **options):
    return layers.Bidirectional(getattr(layers, kind)(units, **options), merge_mode=merge_mode)


CASES = {
    "gru": ([2, 5, 3], [layers.GRU(4, return_sequences=True), layers.GRU(3, use_bias=False)]),
    "gru_hard": ([2, 4, 3], [layers.GRU(4, recurrent_activation="hard_sigmoid", return_sequences=True), layers.GRU(2, activation="relu")]),
    "gru_before": ([2, 4, 3], [layers.GRU(4, reset_after=False, go_backwards=True, return_sequences=True), layers.GRU(3, dropout=0.2)]),
    "bidirectional": (
        [2, 5, 3],
        [
            bidirectional("GRU", 4, "concat", return_sequences=True),
            bidirectional("LSTM", 3, "ave", return_sequences=True),
            layers.TimeDistributed(layers.Dense(4, activation="gelu")),
            bidirectional("SimpleRNN", 3, "mul"),
        ],
    ),
    "convolutions": (
        [2, 11, 4],
        [
            layers.Conv1D(6, 3, dilation_rate=2, padding="causal", activation="hard_sigmoid"),
            layers.Conv1D(4, 3, strides=2, padding="same", groups=2, activation="silu"),
            layers.LayerNormalization(),
            layers.BatchNormalization(),
            layers.GlobalMaxPooling1D(keepdims=True),
        ],
    ),
    "functional": ([2, 6], [layers.Embedding(9, 3), layers.LSTM(4), layers.LeakyReLU(negative_slope=0.1), layers.Dense(2, activation="softmax")]),
    "functions": (
        [2, 5, 4],
        [
            layers.Dense(6, activation="leaky_relu"),
            layers.Dense(6, activation="celu"),
            layers.Dense(6, activation="hard_silu"),
            layers.ReLU(max_value=0.7, negative_slope=0.1),
            layers.Dense(6, activation="exponential"),
            layers.ELU(alpha=0.5),
            layers.Softmax(),
            layers.Dense(3, activation="relu6"),
            layers.GlobalAveragePooling1D(keepdims=True),
        ],
    ),
    "windows": (
        [2, 9, 3],
        [
            layers.Conv1D(4, 3, dilation_rate=2, padding="same"),
            layers.AveragePooling1D(3, strides=2, padding="same"),
            layers.MaxPooling1D(2, strides=1, padding="same"),
            layers.SpatialDropout1D(0.2),
            layers.TimeDistributed(layers.Dense(4, activation="log_softmax")),
            layers.SimpleRNN(3, go_backwards=True, return_sequences=True, use_bias=False, unroll=True),
        ],
    ),
}


def values(array):
    return {"shape": list(array.shape), "data": [float(one) for one in array.flatten()]}


def make(name, sizes, parts):
    first = keras.Input(tuple(sizes[1:]))
    if name == "functional":
        last = first
        for part in parts:
            last = part(last)
        model = keras.Model(first, last)
    else:
        model = keras.Sequential([first, *parts])
    specs, data = [], []
    for variable in model.weights:
        drawn = np.round(generator.uniform(-0.8, 0.8, variable.shape) * 2**16) / 2**16
        if variable.path.endswith("moving_variance"):
            drawn = np.abs(drawn) + 0.5
        variable.assign(drawn)
        specs.append({"name": variable.path, "shape": list(variable.shape), "dtype": "float32"})
        data.append(drawn.astype("<f4").tobytes())
    if name == "functional":
        x = generator.integers(0, 9, sizes).astype("float64")
    else:
        x = np.round(generator.uniform(-4, 4, sizes) * 2**10) / 2**10
    y = keras.ops.convert_to_numpy(model(keras.ops.convert_to_tensor(x), training=False))
    topology = {
        "keras_version": keras.__version__,
        "backend": "tensorflow",
        "model_config": json.loads(model.to_json()),
    }
    return {
        "model": {
            "format": "layers-model",
            "generatedBy": f"keras v{keras.__version__}",
            "convertedBy": None,
            "modelTopology": topology,
            "weightsManifest": [{"paths": ["group1-shard1of1.bin"], "weights": specs}],
        },
        "weights": base64.b64encode(b"".join(data)).decode(),
        "input": values(x),
        "output": values(y),
    }


lines = [f"{json.dumps(name)}: {json.dumps(make(name, *case), separators=(',', ':'))}" for name, case in CASES.items()]
pathlib.Path("test/goldens/keras.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
