/** Keras' layers with their options and weights, for the table of docs/formats.md: what is computed of each, and what is refused. */

/** A weight: the parts within the layer that it lies in, as a `.keras` file has them; its name, and its shape. */
export type LayerWeight = readonly [parts: readonly string[], name: string, shape: readonly number[]];

type Config = Readonly<Record<string, unknown>>;

/** A layer of one class. */
export interface LayerCase {
  /** Sizes of an input, the batch first. */
  readonly input: readonly number[];
  /** Options without which there is no such layer. */
  readonly config: Config;
  /** Others, one after the other; each is named in the table. */
  readonly options: readonly Config[];
  weights(config: Config): LayerWeight[];
}

const STEPS = 5;
const CHANNELS = 4;
const sequence = [2, STEPS, CHANNELS];
const none = () => [];

const has = (config: Config, key: string) => config[key] !== false;

/** The weights of a cell of two units. */
function cell(kind: string, config: Config, parts: readonly string[], inputs = CHANNELS): LayerWeight[] {
  const rows = 2 * { LSTM: 4, GRU: 3, SimpleRNN: 1 }[kind]!;
  const bias = kind === "GRU" && config["reset_after"] === true ? [2, rows] : [rows];
  const own: LayerWeight[] = [
    [parts, "kernel", [inputs, rows]],
    [parts, "recurrent_kernel", [2, rows]],
  ];
  return has(config, "use_bias") ? [...own, [parts, "bias", bias]] : own;
}

const sequences = [{ return_sequences: true }, { go_backwards: true }, { use_bias: false }, { dropout: 0.2 }];
const unlikeKernels = [{ recurrent_dropout: 0.2 }, { activation: "softsign" }];
const states = [
  { unroll: true },
  { implementation: 1 },
  { stateful: true },
  { return_state: true },
  { time_major: true },
];
const byObject = [
  { activation: { class_name: "LeakyReLU", config: {} } },
  { activation: { class_name: "function", config: "my_function" } },
];

function recurrent(kind: string, config: Config, options: readonly Config[]): LayerCase {
  return {
    input: sequence,
    config: { units: 2, ...config },
    options: [...sequences, ...options, ...unlikeKernels, ...states, ...byObject],
    weights: (config) => cell(kind, config, ["cell"]),
  };
}

const sigmoid = { recurrent_activation: "sigmoid" };
const hard = { recurrent_activation: "hard_sigmoid" };

const within = (kind: string, config: Config = {}) => ({
  class_name: kind,
  config: {
    units: 2,
    ...(kind !== "SimpleRNN" && sigmoid),
    ...(kind === "GRU" && { reset_after: true }),
    ...config,
  },
});

/** The layer within a wrapper. */
function inner(config: Config): { readonly class_name: string; readonly config: Config } {
  return config["layer"] as { readonly class_name: string; readonly config: Config };
}

function dense(config: Config, parts: readonly string[] = [], inputs = CHANNELS): LayerWeight[] {
  const own: LayerWeight[] = [[parts, "kernel", [inputs, 3]]];
  return has(config, "use_bias") ? [...own, [parts, "bias", [3]]] : own;
}

function scaled(config: Config, shape: readonly number[], statistics: readonly string[] = []): LayerWeight[] {
  const names = [
    ...(has(config, "scale") ? ["gamma"] : []),
    ...(has(config, "center") ? ["beta"] : []),
    ...statistics,
  ];
  return names.map((name) => [[], name, shape]);
}

const pooling: LayerCase = {
  input: sequence,
  config: {},
  options: [
    { pool_size: [3] },
    { pool_size: 3 },
    { strides: [1] },
    { padding: "same" },
    { data_format: "channels_first" },
  ],
  weights: none,
};

const globalPooling: LayerCase = {
  input: sequence,
  config: {},
  options: [{ keepdims: true }, { data_format: "channels_first" }],
  weights: none,
};

const normalized = [{ epsilon: 0.01 }, { scale: false }, { center: false }];

export const layerCases: Readonly<Record<string, LayerCase>> = {
  InputLayer: {
    input: sequence,
    config: {},
    options: [{ batch_input_shape: [null, STEPS, CHANNELS] }, { batch_shape: [null, null, CHANNELS] }],
    weights: none,
  },
  LSTM: recurrent("LSTM", sigmoid, [{ unit_forget_bias: false }, hard]),
  GRU: recurrent("GRU", { ...sigmoid, reset_after: true }, [{ reset_after: false }, hard]),
  SimpleRNN: recurrent("SimpleRNN", {}, [{ activation: "relu" }]),
  Bidirectional: {
    input: sequence,
    config: { layer: within("LSTM") },
    options: [
      ...["LSTM", "GRU", "SimpleRNN"].map((kind) => ({ layer: within(kind, { return_sequences: true }) })),
      { layer: within("LSTM", hard) },
      ...["concat", "sum", "ave", "mul", null].map((merge) => ({ merge_mode: merge })),
      { backward_layer: within("LSTM", { go_backwards: true }) },
      { backward_layer: within("LSTM", { go_backwards: true, use_bias: false }) },
      { layer: within("LSTM", { go_backwards: true }) },
      { layer: { class_name: "MyCell", config: { units: 2 } } },
    ],
    weights: (config) => {
      const { class_name: kind, config: own } = inner(config);
      if (kind === "MyCell") return [];
      return ["forward_layer", "backward_layer"].flatMap((part) => cell(kind, own, [part, "cell"]));
    },
  },
  TimeDistributed: {
    input: [2, 3, ...sequence.slice(1)],
    config: { layer: { class_name: "Dense", config: { units: 3 } } },
    options: [],
    weights: none,
  },
  Dense: {
    input: sequence,
    config: { units: 3 },
    options: [{ use_bias: false }, { activation: "tanh" }, ...byObject],
    weights: (config) => dense(config),
  },
  Embedding: {
    input: [2, STEPS],
    config: { input_dim: 9, output_dim: 3 },
    options: [{ input_length: STEPS }, { mask_zero: true }],
    weights: () => [[[], "embeddings", [9, 3]]],
  },
  Conv1D: {
    input: sequence,
    config: { filters: 2, kernel_size: [3] },
    options: [
      { kernel_size: 3 },
      { strides: [2] },
      { padding: "same" },
      { padding: "causal" },
      { dilation_rate: [2] },
      { groups: 2 },
      { activation: "relu" },
      { use_bias: false },
      { padding: "full" },
      { kernel_size: [3, 3] },
      { data_format: "channels_first" },
      ...byObject,
    ],
    weights: (config) => {
      const kernel = [3, CHANNELS / ((config["groups"] as number | undefined) ?? 1), 2];
      const own: LayerWeight[] = [[[], "kernel", kernel]];
      return has(config, "use_bias") ? [...own, [[], "bias", [2]]] : own;
    },
  },
  MaxPooling1D: pooling,
  AveragePooling1D: pooling,
  GlobalMaxPooling1D: globalPooling,
  GlobalAveragePooling1D: globalPooling,
  LayerNormalization: {
    input: sequence,
    config: {},
    options: [{ axis: [-1] }, { axis: [1, 2] }, ...normalized, { axis: 1 }, { rms_scaling: true }],
    weights: (config) => {
      const axes = config["axis"];
      return scaled(
        config,
        Array.isArray(axes) && axes.length === 2 ? [STEPS, CHANNELS] : [axes === 1 ? STEPS : CHANNELS],
      );
    },
  },
  BatchNormalization: {
    input: sequence,
    config: {},
    options: [
      { axis: [2] },
      { momentum: 0.9 },
      ...normalized,
      { trainable: false },
      { synchronized: true },
      { axis: 1 },
      { axis: [1, 2] },
      { renorm: true },
    ],
    weights: (config) =>
      scaled(config, [config["axis"] === 1 ? STEPS : CHANNELS], ["moving_mean", "moving_variance"]),
  },
  Dropout: { input: sequence, config: { rate: 0.5 }, options: [{ noise_shape: [2, 1, 4] }], weights: none },
  SpatialDropout1D: { input: sequence, config: { rate: 0.5 }, options: [], weights: none },
  Activation: {
    input: sequence,
    config: { activation: "relu" },
    options: byObject,
    weights: none,
  },
  ReLU: {
    input: sequence,
    config: {},
    options: [{ max_value: 6 }, { negative_slope: 0.1 }, { threshold: 1 }],
    weights: none,
  },
  LeakyReLU: {
    input: sequence,
    config: {},
    options: [{ alpha: 0.1 }, { negative_slope: 0.1 }],
    weights: none,
  },
  ELU: { input: sequence, config: {}, options: [{ alpha: 0.5 }], weights: none },
  Softmax: { input: sequence, config: {}, options: [{ axis: 1 }, { axis: [1, 2] }], weights: none },
  Flatten: { input: sequence, config: {}, options: [{ data_format: "channels_first" }], weights: none },
  Reshape: {
    input: sequence,
    config: { target_shape: [20] },
    options: [{ target_shape: [-1, 2] }, { target_shape: [null, 2] }],
    weights: none,
  },
  Permute: { input: sequence, config: { dims: [2, 1] }, options: [], weights: none },
  RepeatVector: { input: [2, CHANNELS], config: { n: 3 }, options: [], weights: none },
};

/** Every activation of Keras 3, and those that only TensorFlow.js has. */
export const activations = (
  "linear relu relu6 leaky_relu elu selu celu gelu gelu_new silu swish mish softplus softsign softmax log_softmax tanh sigmoid hard_sigmoid exponential " +
  "hard_silu hard_swish glu hard_shrink hard_tanh log_sigmoid soft_shrink sparse_plus sparse_sigmoid sparsemax squareplus tanh_shrink threshold"
).split(" ");

/** Other classes of Keras 3 and TensorFlow.js. */
export const otherLayers = (
  "Masking RNN StackedRNNCells LSTMCell GRUCell SimpleRNNCell ConvLSTM1D ConvLSTM2D ConvLSTM3D Conv1DTranspose SeparableConv1D DepthwiseConv1D Conv2D Conv3D " +
  "Conv2DTranspose Conv3DTranspose SeparableConv2D DepthwiseConv2D ZeroPadding1D Cropping1D UpSampling1D MaxPooling2D MaxPooling3D AveragePooling2D " +
  "AveragePooling3D GlobalMaxPooling2D GlobalAveragePooling2D AdaptiveAveragePooling1D AdaptiveMaxPooling1D GroupNormalization UnitNormalization " +
  "RMSNormalization SpectralNormalization Attention AdditiveAttention MultiHeadAttention GroupQueryAttention PReLU ThresholdedReLU GaussianNoise " +
  "GaussianDropout AlphaDropout SpatialDropout2D ActivityRegularization Add Subtract Multiply Average Maximum Minimum Concatenate Dot EinsumDense Identity " +
  "Lambda Rescaling Normalization Discretization CategoryEncoding Hashing StringLookup IntegerLookup TextVectorization Sequential Functional Model"
).split(" ");
