/** A linear model whose batches can be made to overflow, for tests of runs that diverge. */
import {
  type Device,
  manualSeed,
  type NDArray,
  nn,
  optim,
  type Tensor,
  Trainer,
  type TrainerOptions,
} from "webgpu-lstm";
import { values } from "./tiny.ts";

export const BATCHES = 7;

/** Two layers: a huge input makes the loss and the gradients of both infinite or NaN. */
class Steep extends nn.Module {
  readonly first = new nn.Linear(3, 4);
  readonly second = new nn.Linear(4, 1);

  forward(x: Tensor): Tensor {
    return this.second.forward(this.first.forward(x));
  }
}

export interface Batch {
  readonly x: NDArray;
  readonly y: NDArray;
}

/** Whether the batch, from 0, of a pass, from 1, is to overflow. */
export type IsBad = (pass: number, batch: number) => boolean;

/** Passes of {@link BATCHES} batches of 5 samples; all differ. */
export class Passes implements Iterable<Batch> {
  readonly #isBad: IsBad;
  readonly #without: boolean;
  #pass: number;

  /**
   * @param without Whether bad batches are left out instead.
   * @param passes Passes that are over.
   */
  constructor(isBad: IsBad, without = false, passes = 0) {
    this.#isBad = isBad;
    this.#without = without;
    this.#pass = passes;
  }

  *[Symbol.iterator](): Generator<Batch> {
    const pass = ++this.#pass;
    for (let batch = 0; batch < BATCHES; batch++) {
      const phase = 10 * pass + batch;
      const data = values([5, 3], phase);
      if (this.#isBad(pass, batch)) {
        if (this.#without) continue;
        data[7] = 3e38;
      }
      yield { x: { data, shape: [5, 3] }, y: { data: values([5, 1], phase + 1), shape: [5, 1] } };
    }
  }
}

export type MakeOptimizer = (parameters: nn.Parameter[]) => optim.Optimizer;

const adam: MakeOptimizer = (parameters) => new optim.Adam(parameters, { lr: 0.01 });

export function setUp(device: Device, options: Partial<TrainerOptions> = {}, make = adam) {
  manualSeed(5);
  const model = new Steep();
  const optimizer = make([...model.parameters()]);
  const trainer = new Trainer(device, model, { loss: new nn.MSELoss(), optimizer, ...options });
  return { model, optimizer, trainer };
}

export type Parts = ReturnType<typeof setUp>;

export async function dispose({ trainer, model }: Parts): Promise<void> {
  await trainer.dispose();
  model.dispose();
}

/** Every number of model and optimizer. */
export async function stateOf({ model, optimizer }: Parts) {
  return { model: await model.stateDict(), optimizer: await optimizer.stateDict(), steps: optimizer.steps };
}
