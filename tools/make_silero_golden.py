#!/usr/bin/env python3
"""Runs Silero VAD in ONNX Runtime over a made signal, for test/goldens/silero.json. Run from the repository root, after npm ci."""

import json
import math
import pathlib

import numpy as np
import onnxruntime

MODEL = "node_modules/@ricky0123/vad-web/dist/silero_vad_v6.onnx"
TARGET = pathlib.Path("test/goldens/silero.json")
RATE, CHUNK, CONTEXT, CHUNKS = 16000, 512, 64, 40


def signal():
    """Something like a voice: harmonics of a gliding tone, louder at three formants, in syllables. test/silero-signal.ts has the same."""
    samples = np.zeros(CHUNK * CHUNKS)
    phase = 0.0
    for i in range(len(samples)):
        t = i / RATE
        f0 = 130 + 30 * math.sin(2 * math.pi * 1.5 * t)
        phase += 2 * math.pi * f0 / RATE
        loud = max(0.0, math.sin(2 * math.pi * 2 * t)) ** 0.5
        value = 0.0
        for k in range(1, 25):
            f = k * f0
            gain = sum(math.exp(-(((f - center) / width) ** 2)) / (n + 1) for n, (center, width) in enumerate(FORMANTS))
            value += gain * math.sin(k * phase)
        samples[i] = 0.15 * loud * value
    return samples.astype(np.float32)


FORMANTS = [(600, 150), (1300, 200), (2600, 300)]


def main():
    session = onnxruntime.InferenceSession(MODEL)
    samples = np.concatenate([np.zeros(CONTEXT, np.float32), signal()])
    state = np.zeros((2, 1, 128), np.float32)
    probabilities = []
    for chunk in range(CHUNKS):
        window = samples[None, chunk * CHUNK : (chunk + 1) * CHUNK + CONTEXT]
        output, state = session.run(None, {"input": window, "state": state, "sr": np.array(RATE)})
        probabilities.append(float(output[0, 0]))
    golden = {"onnxruntime": onnxruntime.__version__, "probabilities": probabilities, "state": state.flatten().tolist()}
    TARGET.write_text(json.dumps(golden) + "\n")
    print(np.round(probabilities, 3))


if __name__ == "__main__":
    main()
