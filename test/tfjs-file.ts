/** Writes model.json files as TensorFlow.js does, for tests. */

/** A layer: its class and options; its name is the class in lower case unless it is given. */
export interface LayerInit {
  readonly kind: string;
  readonly name?: string;
  readonly config?: Readonly<Record<string, unknown>>;
  /** Names of the layers whose outputs it takes; of a functional model. */
  readonly from?: readonly string[];
}

/** A weight's name and shape, and what else its entry has. */
export type WeightInit = readonly [
  name: string,
  shape: readonly number[],
  more?: Readonly<Record<string, unknown>>,
];

function nameOf({ kind, name }: LayerInit): string {
  return name ?? kind.toLowerCase();
}

/** The object of a model.json, and shards of zeros that fit. */
export function tfjsFile(layers: readonly LayerInit[], weights: readonly WeightInit[] = []) {
  const isFunctional = layers.some(({ from }) => from);
  const written = layers.map((layer) => ({
    class_name: layer.kind,
    ...(isFunctional && {
      name: nameOf(layer),
      inbound_nodes: layer.from && layer.from.length > 0 ? [layer.from.map((name) => [name, 0, 0, {}])] : [],
    }),
    config: { name: nameOf(layer), ...layer.config },
  }));
  const ends = isFunctional && {
    input_layers: [[nameOf(layers[0]!), 0, 0]],
    output_layers: [[nameOf(layers.at(-1)!), 0, 0]],
  };
  const entries = weights.map(([name, shape, more]) => ({ name, shape, dtype: "float32", ...more }));
  const count = weights.reduce(
    (sum, [, shape]) => sum + shape.reduce((product, size) => product * size, 1),
    0,
  );
  const model = {
    format: "layers-model",
    generatedBy: "TensorFlow.js tfjs-layers v4.22.0",
    modelTopology: {
      class_name: isFunctional ? "Model" : "Sequential",
      config: { name: "model", layers: written, ...ends },
      keras_version: "tfjs-layers 4.22.0",
      backend: "tensor_flow.js",
    },
    weightsManifest: [{ paths: ["weights.bin"], weights: entries }],
  };
  return { model, weights: new Uint8Array(4 * count) };
}

/** The weights of an LSTM, or with three gates a GRU. */
export function recurrentWeights(name: string, inputs: number, units: number, gates = 4): WeightInit[] {
  return [
    [`${name}/kernel`, [inputs, gates * units]],
    [`${name}/recurrent_kernel`, [units, gates * units]],
    [`${name}/bias`, [gates * units]],
  ];
}
