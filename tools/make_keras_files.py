#!/usr/bin/env python3
"""Models that Keras 3 saves as .keras and .h5, with what it computes, into test/goldens/keras_file_*.

Run from the repository root, with the Python packages keras (3.x), h5py and a backend such as torch: `KERAS_BACKEND=torch python3 tools/make_keras_files.py`.
"""

import json
import pathlib

import keras
import numpy as np
from keras import layers

FOLDER = pathlib.Path("test/goldens")
TOKENS = 9


def text():
    """Every way in which weights lie in a file, and names that are not those of the file's groups."""
    yield layers.Embedding(TOKENS, 4, name="letters")
    yield layers.Bidirectional(layers.GRU(3, return_sequences=True))
    yield layers.TimeDistributed(layers.Dense(4))
    yield layers.Dropout(0.2)
    yield layers.LayerNormalization(center=False)
    yield layers.LSTM(3, return_sequences=True, recurrent_dropout=0.1)
    yield layers.SimpleRNN(4, use_bias=False, name="last")
    yield layers.Dense(3, name="dense_7")
    yield layers.Dense(2, activation="softmax")


def signal():
    yield layers.Conv1D(4, 3, padding="causal", activation="relu")
    yield layers.BatchNormalization(scale=False)
    yield layers.GRU(5, reset_after=False)
    yield layers.Dense(2)


def values(array):
    return {"shape": list(array.shape), "data": [float(one) for one in array.flatten()]}


def main():
    keras.utils.set_random_seed(15)
    generator = np.random.default_rng(15)
    made = {}
    for name, parts, sizes in (("text", text(), (6,)), ("signal", signal(), (8, 3))):
        first = keras.Input(sizes)
        if name == "text":
            model = keras.Sequential([first, *parts])
        else:
            last = first
            for part in parts:
                last = part(last)
            model = keras.Model(first, last)
        shape = (2, *sizes)
        x = generator.integers(0, TOKENS, shape) if name == "text" else generator.standard_normal(shape)
        x = x.astype("float32")
        if name == "signal":
            # Then the optimizer's numbers are in the file too.
            model.compile("adam", "mse")
            model.fit(x, np.zeros((2, 2), "float32"), epochs=2, verbose=0)
        y = keras.ops.convert_to_numpy(model(x, training=False))
        for kind in ("keras", "h5"):
            model.save(FOLDER / f"keras_file_{name}.{kind}")
        made[name] = {"x": values(x), "y": values(y)}
    (FOLDER / "keras_files.json").write_text(json.dumps({"keras": keras.__version__, "cases": made}) + "\n")


if __name__ == "__main__":
    main()
