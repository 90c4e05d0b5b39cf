/** Convolutions as PyTorch's formulas have them, in float64. */

/** A float64 array with its shape. */
export interface Values {
  readonly data: Float64Array;
  readonly shape: readonly number[];
}

interface Options {
  readonly stride?: number;
  readonly padding?: readonly [number, number];
  readonly dilation?: number;
  readonly groups?: number;
}

/** x [N, C, L], weight [C', C / groups, K], bias [C'] → [N, C', L'] */
export function convolve(x: Values, weight: Values, bias: Values, options: Options): Float64Array {
  const { stride = 1, padding = [0, 0], dilation = 1, groups = 1 } = options;
  const [batch, channels, length] = x.shape as [number, number, number];
  const [outChannels, perGroup, taps] = weight.shape as [number, number, number];
  const outLength = Math.floor((length + padding[0] + padding[1] - dilation * (taps - 1) - 1) / stride) + 1;
  const out = new Float64Array(batch * outChannels * outLength);
  let at = 0;
  for (let n = 0; n < batch; n++) {
    for (let o = 0; o < outChannels; o++) {
      const group = Math.floor(o / (outChannels / groups));
      for (let l = 0; l < outLength; l++) {
        let sum = bias.data[o]!;
        for (let c = 0; c < perGroup; c++) {
          for (let k = 0; k < taps; k++) {
            const place = l * stride + k * dilation - padding[0];
            if (place < 0 || place >= length) continue;
            const channel = group * perGroup + c;
            sum +=
              weight.data[(o * perGroup + c) * taps + k]! *
              x.data[(n * channels + channel) * length + place]!;
          }
        }
        out[at++] = sum;
      }
    }
  }
  return out;
}

/** A transposed convolution: x [N, C, L], weight [C, C' / groups, K], bias [C'] → [N, C', L'] */
export function spread(x: Values, weight: Values, bias: Values, options: Options): Float64Array {
  const { stride = 1, padding = [0, 0], dilation = 1, groups = 1 } = options;
  const [batch, channels, length] = x.shape as [number, number, number];
  const [, perGroup, taps] = weight.shape as [number, number, number];
  const outLength = (length - 1) * stride - padding[0] - padding[1] + dilation * (taps - 1) + 1;
  const outChannels = groups * perGroup;
  const out = Float64Array.from(
    { length: batch * outChannels * outLength },
    (_, i) => bias.data[Math.floor(i / outLength) % outChannels]!,
  );
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < channels; c++) {
      const group = Math.floor(c / (channels / groups));
      for (let l = 0; l < length; l++) {
        for (let o = 0; o < perGroup; o++) {
          for (let k = 0; k < taps; k++) {
            const place = l * stride + k * dilation - padding[0];
            if (place < 0 || place >= outLength) continue;
            const channel = group * perGroup + o;
            out[(n * outChannels + channel) * outLength + place]! +=
              weight.data[(c * perGroup + o) * taps + k]! * x.data[(n * channels + c) * length + l]!;
          }
        }
      }
    }
  }
  return out;
}
