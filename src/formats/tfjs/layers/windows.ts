/** Convolution and pooling over the time axis of [N, T, C]. */
import { conv1d } from "../../../graph/convolution.ts";
import type { Parameter } from "../../../graph/parameter.ts";
import { avgPool1d, maxPool1d } from "../../../graph/pooling.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { Module } from "../../../nn/module.ts";
import { type Activation, activationOf } from "../activations.ts";
import type { LayerFile } from "../layer-file.ts";
import type { Weights } from "../weights.ts";
import { checkRank, FunctionLayer } from "./simple.ts";

type Padding = "valid" | "same" | "causal";

/** How a window moves. */
interface Window {
  readonly taps: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: Padding;
}

/** Elements before and after, as TensorFlow pads: as many outputs as strides fit, the larger half after. */
function ends({ taps, stride, dilation, padding }: Window, length: number): [number, number] {
  const span = dilation * (taps - 1) + 1;
  if (padding === "valid") return [0, 0];
  if (padding === "causal") return [span - 1, 0];
  const all = Math.max(0, (Math.ceil(length / stride) - 1) * stride + span - length);
  const before = Math.floor(all / 2);
  return [before, all - before];
}

/** Throws for channels before time. */
function checkFormat(layer: LayerFile): void {
  layer.oneOf("data_format", ["channels_last"], "channels_last");
}

class Convolution extends Module {
  /** [filters, C / groups, taps] */
  readonly weight: Parameter;
  /** [filters], or null. */
  readonly bias: Parameter | null;
  readonly #window: Window;
  readonly #groups: number;
  readonly #activation: Activation;

  constructor(
    weight: Parameter,
    bias: Parameter | null,
    window: Window,
    groups: number,
    activation: Activation,
  ) {
    super();
    this.weight = weight;
    this.bias = bias;
    this.#window = window;
    this.#groups = groups;
    this.#activation = activation;
  }

  forward(x: Tensor): Tensor {
    checkRank(x, 3);
    const { stride, dilation } = this.#window;
    const padding = ends(this.#window, x.shape[1]!);
    const options = { stride, dilation, padding, groups: this.#groups };
    const y = conv1d("Conv1D", x.transpose(1, 2), this.weight, this.bias, options);
    return this.#activation(y.transpose(1, 2));
  }
}

export function convolution(layer: LayerFile, weights: Weights): Module {
  checkFormat(layer);
  const filters = layer.size("filters");
  const window = {
    taps: layer.single("kernel_size"),
    stride: layer.single("strides", 1),
    dilation: layer.single("dilation_rate", 1),
    padding: layer.oneOf("padding", ["valid", "same", "causal"], "valid"),
  };
  const groups = layer.size("groups", 1);
  if (filters % groups !== 0) throw layer.refuse(`its ${filters} filters are no ${groups} groups`);
  const { compute } = activationOf(layer, "activation", "linear");
  const kernel = weights.take(layer, "", "kernel", [window.taps, -1, filters]);
  const bias = layer.flag("use_bias", true) ? weights.take(layer, "", "bias", [filters]) : null;
  const [taps, channels] = kernel.shape as [number, number, number];
  return new Convolution(
    // [taps, C, filters] in the file.
    weights.parameter(kernel, [filters, channels, taps], (row, column) => {
      return (column * channels + (row % channels)) * taps + Math.floor(row / channels);
    }),
    bias && weights.parameter(bias, [filters]),
    window,
    groups,
    compute,
  );
}

export function pooling(kind: "max" | "average"): (layer: LayerFile) => Module {
  return (layer) => {
    checkFormat(layer);
    const taps = layer.single("pool_size", 2);
    const stride = layer.single("strides", taps);
    const padding = layer.oneOf("padding", ["valid", "same"], "valid");
    const window = { taps, stride, dilation: 1, padding };
    return new FunctionLayer((x) => {
      checkRank(x, 3);
      const options = { kernelSize: taps, stride, padding: ends(window, x.shape[1]!) };
      const turned = x.transpose(1, 2);
      const y =
        kind === "max"
          ? maxPool1d("MaxPooling1D", turned, options)
          : avgPool1d("AveragePooling1D", turned, { ...options, countIncludePad: false });
      return y.transpose(1, 2);
    });
  };
}

export function globalPooling(kind: "max" | "average"): (layer: LayerFile) => Module {
  return (layer) => {
    checkFormat(layer);
    const keepdims = layer.flag("keepdims", false);
    return new FunctionLayer((x) => {
      checkRank(x, 3);
      return kind === "max" ? x.amax(1, keepdims) : x.mean(1, keepdims);
    });
  };
}
