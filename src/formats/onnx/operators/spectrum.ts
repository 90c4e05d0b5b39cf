/** The short-time Fourier transform, as a convolution with cosines and sines. */
import { conv1d } from "../../../graph/convolution.ts";
import { showShape } from "../../../shape.ts";
import type { Operator } from "../call.ts";

/** Frames of a real signal [batch, length, 1] as [batch, frames, bins, 2]: real and imaginary parts. */
const stft: Operator = (call) => {
  const signal = call.tensor(0);
  const [batch, length, parts] = signal.shape as [number, number, number];
  if (signal.shape.length !== 3 || parts !== 1) {
    throw call.refuse(`its signal must be real, [batch, length, 1], got ${showShape(signal.shape)}`);
  }
  const [stride] = call.list(1, "the frame step") as [number];
  const window = call.optional(2) ? call.list(2, "the window") : null;
  const size = call.optional(3) ? call.list(3, "the frame length")[0]! : window?.length;
  if (
    size === undefined ||
    !(size >= 1 && size <= length) ||
    !(stride >= 1) ||
    (window && window.length !== size)
  ) {
    throw call.refuse(
      `frames of ${size} by ${stride}, with a window of ${window?.length ?? size}, do not fit a signal of ${length}`,
    );
  }
  const bins = call.int("onesided", 1) ? Math.floor(size / 2) + 1 : size;
  const kernel = new Float32Array(2 * bins * size);
  for (let bin = 0; bin < bins; bin++) {
    for (let i = 0; i < size; i++) {
      // The product stays small, so that the angle stays exact.
      const angle = (2 * Math.PI * ((bin * i) % size)) / size;
      const weight = window?.[i] ?? 1;
      kernel[bin * size + i] = weight * Math.cos(angle);
      kernel[(bins + bin) * size + i] = -weight * Math.sin(angle);
    }
  }
  const weight = call.toTensor({ dtype: "F32", shape: [2 * bins, 1, size], data: kernel });
  const both = conv1d("STFT", signal.transpose(1, 2), weight, null, { stride });
  const frames = both.shape[2]!;
  return [call.device(call.value(0).dtype, both.reshape([batch, 2, bins, frames]).permute([0, 3, 2, 1]))];
};

export const spectra: Readonly<Record<string, Operator>> = { STFT: stft };
