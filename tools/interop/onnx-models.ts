/** Models that are saved as ONNX: in each, layers and functions that recurrent models are made of. */
import { cat, nn, type Shape, Tensor } from "webgpu-lstm";
import type { SaveOnnxOptions } from "webgpu-lstm/formats";

/** A model, how it is saved, and sizes other than those that it is saved with. */
export interface SavedCase {
  readonly name: string;
  readonly make: () => nn.Module;
  readonly options: SaveOnnxOptions;
  readonly sizes: Readonly<Record<string, Shape>>;
  /** Inputs with indices below this. */
  readonly indices?: Readonly<Record<string, number>>;
  /** Inputs with lengths up to this; at least one of each batch has it. */
  readonly lengths?: Readonly<Record<string, number>>;
}

/** Tags every step of padded sequences: an embedding, two bidirectional layers, a linear layer. */
class Tagger extends nn.Module {
  readonly embedding = new nn.Embedding(11, 5);
  readonly rnn: nn.LSTM | nn.GRU;
  readonly norm = new nn.LayerNorm(12);
  readonly fc = new nn.Linear(12, 4);

  constructor(kind: "LSTM" | "GRU") {
    super();
    this.rnn = new nn[kind](5, 6, { numLayers: 2, bidirectional: true, batchFirst: true, dropout: 0.3 });
  }

  forward(tokens: Tensor, lengths: Tensor): Tensor {
    const x = this.embedding.forward(tokens);
    const packed = nn.utils.rnn.packPaddedSequence(x, lengths, { batchFirst: true, enforceSorted: false });
    const ran = (this.rnn as nn.GRU).forward(packed);
    const { output } = nn.utils.rnn.padPackedSequence(ran.output, { batchFirst: true });
    return this.fc.forward(this.norm.forward(output)).logSoftmax(2);
  }
}

/** One step after another of a stateful model. */
class Streaming extends nn.Module {
  readonly lstm = new nn.LSTM(3, 7);
  readonly fc = new nn.Linear(7, 2);

  forward(x: Tensor, h: Tensor, c: Tensor) {
    const { output, state } = this.lstm.forward(x, { h, c });
    return { y: this.fc.forward(output.select(0, -1)).tanh(), state };
  }
}

/** What is around recurrent layers: attention over their outputs, shapes, arithmetic. */
class Attending extends nn.Module {
  readonly rnn = new nn.RNN(3, 5, { nonlinearity: "relu", batchFirst: true, bias: false });
  readonly query = new nn.Linear(5, 5, { bias: false });

  forward(x: Tensor): Record<string, Tensor> {
    const { output, state } = this.rnn.forward(x);
    const scores = this.query.forward(output).matmul(output.transpose(1, 2)).div(Math.sqrt(5)).softmax(-1);
    const read = scores.matmul(output);
    const halves = cat([read.slice(2, 0, 2), read.slice(2, 2).mul(2).sub(1)], 2);
    const odd = halves.slice(1, 1, undefined, 2).sum(1, true);
    const joined = halves.add(odd).mul(read.sigmoid()).exp().add(1).log();
    return { joined, flat: joined.flatten(0, 1).neg().relu(), last: state.squeeze(0).expand([2, -1, -1]) };
  }
}

/** A detector on raw samples: convolutions, pooling, normalization by statistics, choices and functions of elements. */
class Detector extends nn.Module {
  readonly first = new nn.Conv1d(2, 6, 5, { stride: 2, padding: 2 });
  readonly second = new nn.Conv1d(6, 6, 3, { groups: 2, dilation: 2, paddingMode: "reflect", padding: 2 });
  readonly norm = new nn.BatchNorm1d(6);
  readonly pool = new nn.MaxPool1d(2);
  readonly gelu = new nn.GELU();
  readonly gru = new nn.GRU(6, 5, { batchFirst: true });
  readonly up = new nn.ConvTranspose1d(5, 2, 4, { stride: 2, padding: 1 });

  forward(x: Tensor): Record<string, Tensor> {
    const features = this.gelu.forward(this.first.forward(x.pad([1, 2], "constant", 0.5)));
    const pooled = this.pool.forward(this.norm.forward(this.second.forward(features)));
    const { output } = this.gru.forward(pooled.transpose(1, 2));
    const loud = output.abs().amax(2, true);
    const kept = output.where(loud.gt(0.1), output.mul(0.5).clamp(-0.2, 0.2));
    const score = kept.square().add(0.1).sqrt().log1p().cumsum(1);
    const best = score.argmax(2).add(loud.squeeze(2).floor());
    return { up: this.up.forward(score.transpose(1, 2)), best, top: score.topk(2).values.pow(1.5).erf() };
  }
}

/** Recurrent parameters that other ops read: weights of a decoder, biases, and one behind `detach`. */
class Tied extends nn.Module {
  readonly lstm = new nn.LSTM(4, 5, { bidirectional: true });
  readonly gru = new nn.GRU(10, 3);
  readonly rnn = new nn.RNN(3, 4, { nonlinearity: "relu" });

  forward(x: Tensor): Record<string, Tensor> {
    const { lstm, gru, rnn } = this;
    const { output } = lstm.forward(x);
    const { output: second } = gru.forward(output);
    const { output: third } = rnn.forward(second.add(gru.bias_hh_l0!.slice(0, 0, 3)));
    const states = output.slice(2, 0, 5);
    return {
      gates: states.matmul(lstm.weight_hh_l0!.transpose(0, 1)).add(lstm.bias_ih_l0!),
      back: second.matmul(gru.weight_ih_l0!.slice(0, 3, 6)),
      size: gru.weight_hh_l0!.detach().square().sum(),
      inputs: third.matmul(rnn.weight_ih_l0!),
    };
  }
}

/** Upsampling, normalization in groups, and means and deviations over dynamic sizes. */
class Pooled extends nn.Module {
  readonly norm = new nn.GroupNorm(2, 4);
  readonly plain = new nn.GroupNorm(4, 4, { affine: false });
  readonly twice = new nn.Upsample({ scaleFactor: 2 });
  readonly between = new nn.Upsample({ scaleFactor: 1.5, mode: "linear" });
  readonly corners = new nn.Upsample({ size: 9, mode: "linear", alignCorners: true });
  readonly softplus = new nn.Softplus(2, 1);

  forward(x: Tensor): Record<string, Tensor> {
    const normal = this.plain.forward(this.norm.forward(x));
    const mean = x.mean(2);
    return {
      long: this.between.forward(this.twice.forward(normal)),
      nine: this.corners.forward(x),
      curve: this.softplus.forward(x.mul(3)),
      mean,
      deviation: x.std(2).add(x.var([0, 2], { correction: 0 })),
      angle: nn.cosineSimilarity(mean, x.amax(2)),
    };
  }
}

const batchAndTime = { 0: "batch", 1: "time" } as const;

export const savedCases: readonly SavedCase[] = [
  ...(["LSTM", "GRU"] as const).map((kind) => ({
    name: `a tagger of padded sequences with ${kind}`,
    make: () => new Tagger(kind),
    options: {
      inputs: { tokens: [2, 6], lengths: [2] },
      dynamic: { tokens: batchAndTime, lengths: { 0: "batch" } },
    },
    sizes: { tokens: [3, 9], lengths: [3] },
    indices: { tokens: 11 },
    lengths: { lengths: 9 },
  })),
  {
    name: "a step with states",
    make: () => new Streaming(),
    options: { inputs: { x: [4, 1, 3], h: [1, 1, 7], c: [1, 1, 7] }, dynamic: { x: { 0: "time" } } },
    sizes: { x: [9, 1, 3], h: [1, 1, 7], c: [1, 1, 7] },
  },
  {
    name: "attention over a ReLU RNN",
    make: () => new Attending(),
    options: { inputs: { x: [2, 6, 3] }, dynamic: { x: batchAndTime } },
    sizes: { x: [3, 8, 3] },
  },
  {
    name: "convolutions and functions of elements",
    make: () => new Detector(),
    options: { inputs: { x: [2, 2, 30] }, dynamic: { x: { 0: "batch", 2: "samples" } } },
    sizes: { x: [3, 2, 41] },
  },
  {
    name: "recurrent parameters that other ops read too",
    make: () => new Tied(),
    options: { inputs: { x: [6, 2, 4] }, dynamic: { x: { 0: "time", 1: "batch" } } },
    sizes: { x: [9, 3, 4] },
  },
  {
    name: "upsampling, groups and means",
    make: () => new Pooled(),
    options: { inputs: { x: [2, 4, 6] }, dynamic: { x: { 0: "batch", 2: "samples" } } },
    sizes: { x: [3, 4, 11] },
  },
  {
    name: "fixed sizes",
    make: () => new Attending(),
    options: { inputs: { x: [2, 6, 3] } },
    sizes: { x: [2, 6, 3] },
  },
];

/** Results as saveOnnx names them. */
export function flat(value: unknown, path = ""): Record<string, Tensor> {
  if (value instanceof Tensor) return { [path || "output"]: value };
  const parts = Object.entries(value as object).map(([key, inner]) =>
    flat(inner, path ? `${path}.${key}` : key),
  );
  return Object.assign({}, ...parts) as Record<string, Tensor>;
}

/** Inputs of a case: random numbers, indices and lengths from `random`, which gives numbers from 0 to 1. */
export function inputsOf(
  one: SavedCase,
  random: () => number,
): Record<string, { data: Float32Array; shape: Shape }> {
  const { sizes, indices = {}, lengths = {} } = one;
  return Object.fromEntries(
    Object.entries(sizes).map(([name, shape]) => {
      const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => {
        const longest = lengths[name];
        if (longest !== undefined) return i === 0 ? longest : 1 + Math.floor(random() * longest);
        return indices[name] === undefined ? 2 * random() - 1 : Math.floor(random() * indices[name]!);
      });
      return [name, { data, shape }];
    }),
  );
}
