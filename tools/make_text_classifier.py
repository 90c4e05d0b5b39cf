#!/usr/bin/env python3
"""Trains a GRU text classifier in Keras and saves it for TensorFlow.js, into tasks/text-classifier.

Run from the repository root, with the Python packages tensorflow (or tensorflow-cpu) and tf_keras, the Keras 2 whose models TensorFlow.js
opens: `python3 tools/make_text_classifier.py`. It writes what tensorflowjs_converter --output_format=tfjs_layers_model would: Keras'
description of the model, and the weights under their names.
"""

import json
import pathlib

import numpy as np
import tensorflow as tf
import tf_keras as keras

FOLDER = pathlib.Path("tasks/text-classifier")
LONGEST, NAMES = 12, 4000
VOWELS, CONSONANTS = "aeiou", "bcdfghjklmnpqrstvwxyz"


def names(generator):
    """Names of 2 to 12 letters, every other letter a vowel on average."""
    for _ in range(NAMES):
        length = generator.integers(2, LONGEST + 1)
        yield "".join(str(generator.choice(list(VOWELS if generator.random() < 0.5 else CONSONANTS))) for _ in range(length))


def class_of(name):
    """0: ends in a vowel; 1: begins with a vowel alone; 2: neither."""
    if name[-1] in VOWELS:
        return 0
    return 1 if name[0] in VOWELS else 2


def encode(name):
    """Letters from 1 on, after zeros."""
    return [0] * (LONGEST - len(name)) + [ord(letter) - ord("a") + 1 for letter in name]


def main():
    keras.utils.set_random_seed(12)
    all_names = list(names(np.random.default_rng(12)))
    x = np.array([encode(name) for name in all_names], np.float32)
    y = np.array([class_of(name) for name in all_names])
    model = keras.Sequential(
        [
            keras.layers.Embedding(27, 8, input_length=LONGEST, name="letters"),
            # TensorFlow.js has no other GRU than this one.
            keras.layers.GRU(16, reset_after=False, recurrent_activation="sigmoid", name="gru"),
            keras.layers.Dense(3, activation="softmax", name="classes"),
        ],
        name="names",
    )
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", ["accuracy"])
    model.fit(x[500:], y[500:], batch_size=32, epochs=2, verbose=0)
    loss, accuracy = model.evaluate(x[:500], y[:500], verbose=0)
    print(f"held out: loss {loss:.4f}, accuracy {accuracy:.3f}")

    weights = [(weight.name.split(":")[0], weight.numpy()) for weight in model.weights]
    shard = "group1-shard1of1.bin"
    listed = [{"name": name, "shape": list(value.shape), "dtype": "float32"} for name, value in weights]
    topology = {"keras_version": keras.__version__, "backend": "tensorflow", "model_config": json.loads(model.to_json())}
    file = {
        "format": "layers-model",
        "generatedBy": f"keras v{keras.__version__}",
        "convertedBy": f"TensorFlow {tf.__version__}",
        "modelTopology": topology,
        "weightsManifest": [{"paths": [shard], "weights": listed}],
    }
    (FOLDER / "model.json").write_text(json.dumps(file) + "\n")
    (FOLDER / shard).write_bytes(b"".join(value.tobytes() for _, value in weights))
    expected = {"names": all_names[:64], "classes": y[:64].tolist(), "keras": model.predict(x[:64], verbose=0).flatten().tolist()}
    (FOLDER / "expected.json").write_text(json.dumps(expected) + "\n")


if __name__ == "__main__":
    main()
