/** A model with its optimizer and its step, which trains on data that follow from its seed. */
import {
  type CompiledStep,
  type Device,
  loadCheckpoint,
  manualSeed,
  nn,
  optim,
  saveCheckpoint,
  type Tensor,
} from "webgpu-lstm";
import { bits } from "../tiny.ts";

export interface Setting {
  readonly cell: "LSTM" | "GRU" | "RNN";
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly bidirectional: boolean;
  readonly dropout: number;
  readonly optimizer: "SGD" | "Adam" | "RMSprop" | "NAdam";
  readonly seed: number;
}

class Model extends nn.Module {
  readonly recurrent: nn.LSTM | nn.GRU | nn.RNN;
  readonly dropout: nn.Dropout;
  readonly head: nn.Linear;

  constructor({ cell, inputSize, hiddenSize, numLayers, bidirectional, dropout }: Setting) {
    super();
    const options = { numLayers, bidirectional, dropout: numLayers > 1 ? dropout : 0, batchFirst: true };
    this.recurrent = new nn[cell](inputSize, hiddenSize, options);
    this.dropout = new nn.Dropout(dropout);
    this.head = new nn.Linear(bidirectional ? 2 * hiddenSize : hiddenSize, 1);
  }

  forward(x: Tensor): Tensor {
    const { output } = this.recurrent.forward(x);
    return this.head.forward(this.dropout.forward(output.mean(1)));
  }
}

type Moment = { readonly bytes: Uint8Array<ArrayBuffer>; readonly random: unknown; readonly done: number };

export class Tenant {
  readonly setting: Setting;
  /** The loss of every step so far. A step that is done again must give the same bits. */
  readonly losses: number[] = [];
  /** Steps that the present weights have behind them. */
  done = 0;
  readonly #model: Model;
  readonly #optimizer: optim.Optimizer;
  readonly #step: CompiledStep<"loss">;
  #moment: Moment | null;

  private constructor(
    setting: Setting,
    model: Model,
    optimizer: optim.Optimizer,
    step: CompiledStep<"loss">,
  ) {
    this.setting = setting;
    this.#model = model;
    this.#optimizer = optimizer;
    this.#step = step;
    this.#moment = null;
  }

  /** A new one, or one that goes on from `earlier`'s last moment, on another device perhaps. */
  static async open(device: Device, setting: Setting, earlier?: Tenant): Promise<Tenant> {
    manualSeed(setting.seed);
    const model = new Model(setting);
    const optimizer = new optim[setting.optimizer](model.parameters(), { lr: 1e-3 });
    const moment = earlier ? earlier.#moment : null;
    if (moment) await loadCheckpoint(moment.bytes, { model, optimizer });
    const criterion = new nn.MSELoss();
    const lossOf = ({ x, y }: { readonly x: Tensor; readonly y: Tensor }) => ({
      loss: criterion.forward(model.forward(x), y),
    });
    const random = moment ? moment.random : { seed: setting.seed, runs: 0 };
    const step = await device.compile(lossOf, {
      inputs: { x: [4, 5, setting.inputSize], y: [4, 1] },
      optimizer,
      random: random as { seed: number; runs: number },
    });
    const tenant = new Tenant(setting, model, optimizer, step);
    if (earlier) tenant.losses.push(...earlier.losses);
    if (moment) {
      tenant.done = moment.done;
      tenant.#moment = moment;
    }
    return tenant;
  }

  /** Trains one step and compares its loss with that of the same step before, if there was one. */
  async train(): Promise<void> {
    const { seed, inputSize } = this.setting;
    const k = this.done++;
    const wave = (size: number, phase: number) =>
      Float32Array.from({ length: size }, (_, i) => Math.sin(i * 0.7 + phase));
    const rows = 1 + ((seed + k) % 6);
    const length = 1 + ((seed + 3 * k) % 9);
    const x = { data: wave(rows * length * inputSize, k), shape: [rows, length, inputSize] };
    const y = { data: wave(rows, k + 1), shape: [rows, 1] };
    const { loss } = this.#step.run({ x, y });
    const value = await loss.item();
    if (!Number.isFinite(value)) throw new Error(`step ${k} has the loss ${value}`);
    const before = this.losses[k];
    if (before !== undefined && !Object.is(before, value)) {
      throw new Error(`step ${k} has the loss ${value}; when it was done first it had ${before}`);
    }
    this.losses[k] = value;
  }

  /** Keeps its state, to go on from after a loss of the device. */
  async keep(): Promise<void> {
    const { done } = this;
    const random = this.#step.randomState();
    const bytes = await saveCheckpoint({ model: this.#model, optimizer: this.#optimizer });
    this.#moment = { bytes, random, done };
  }

  bits(): Promise<Record<string, readonly number[]>> {
    return bits(this.#model);
  }

  dispose(): void {
    this.#step.dispose();
    this.#model.dispose();
  }
}
