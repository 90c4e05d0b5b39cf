/** A small model whose state is a tree, its data, and a trainer that carries the state from batch to batch. */
import {
  type Device,
  data,
  type EpochReport,
  type Loss,
  manualSeed,
  nn,
  optim,
  type Tensor,
  Trainer,
} from "webgpu-lstm";

export const CLASSES = 7;
export const ROWS = 3;
export const LENGTH = 4;

/** Two kinds of layers, so that the state is a tree: { lstm: { h, c }, gru }. */
export class Speller extends nn.Module {
  readonly embedding = new nn.Embedding(CLASSES, 5);
  readonly lstm = new nn.LSTM(5, 6, { batchFirst: true });
  readonly gru = new nn.GRU(6, 4, { numLayers: 2, dropout: 0.2, batchFirst: true });
  readonly fc = new nn.Linear(4, CLASSES);

  forward(x: Tensor, state?: { lstm: { h: Tensor; c: Tensor }; gru: Tensor }) {
    const first = this.lstm.forward(this.embedding.forward(x), state?.lstm);
    const second = this.gru.forward(first.output, state?.gru);
    return { output: this.fc.forward(second.output), state: { lstm: first.state, gru: second.state } };
  }
}

export const criterion = new nn.CrossEntropyLoss();
/** Logits are [N, T, C], and PyTorch's loss has the classes in dimension 1. */
export const loss: Loss = {
  forward: (output, y) => criterion.forward(output.transpose(1, 2), y),
};

const ids = (count: number, seed: number) => {
  const generator = manualSeed(seed);
  const noise = (i: number) => (i % 5 === 0 ? Number(BigInt.asUintN(8, generator.randomInt64())) : 0);
  return Array.from({ length: count }, (_, i) => (i + noise(i)) % CLASSES);
};
/** 6 windows, the last one of 2 steps. */
export const text = ids(ROWS * 22 + 1, 1);
export const heldOut = ids(ROWS * 9 + 1, 2);

export interface Setting {
  readonly accumulate?: number;
  readonly batchesPerEpoch?: number;
}

export function setUp(device: Device, { accumulate }: Setting = {}) {
  manualSeed(3);
  const model = new Speller();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.02 });
  const trainer = new Trainer(device, model, {
    loss,
    optimizer,
    clipGradNorm: 1,
    carryState: true,
    ...(accumulate && { accumulate }),
  });
  const loader = new data.TextBatches(text, { batchSize: ROWS, length: LENGTH });
  const validation = new data.TextBatches(heldOut, { batchSize: ROWS, length: LENGTH });
  return { model, optimizer, trainer, loader, validation };
}

export type Parts = ReturnType<typeof setUp>;

export async function dispose({ trainer, model }: Parts): Promise<void> {
  await trainer.dispose();
  model.dispose();
}

export const timeless = ({ seconds, stepsPerSecond, ...report }: EpochReport) => report;
