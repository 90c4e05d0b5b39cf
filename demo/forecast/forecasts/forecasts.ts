/** What a model forecasts, in the worker: the held-out part, and roll-outs. */
import type { CompiledStep, Device, NDArray } from "webgpu-lstm";
import { GpuRollOut } from "../../../tasks/series/gpu-roll-out.ts";
import type { ForecastModel } from "../../../tasks/series/model.ts";
import { saveModel } from "../../../tasks/series/model-file.ts";
import type { Settings } from "../../../tasks/series/settings.ts";
import type { ForecastTask } from "../../../tasks/series/task.ts";

/** Values of the series that the visitor has changed, by step. */
export type Edits = readonly (readonly [step: number, value: number])[];

export class Forecasts {
  readonly #device: Device;
  readonly #model: ForecastModel;
  readonly #task: ForecastTask;
  readonly #settings: Settings;
  #rollOut: Promise<GpuRollOut> | undefined;
  #predict: Promise<CompiledStep<"y">> | undefined;

  /** @param model It may go on learning. */
  constructor(device: Device, model: ForecastModel, task: ForecastTask, settings: Settings) {
    this.#device = device;
    this.#model = model;
    this.#task = task;
    this.#settings = settings;
  }

  /** Of every held-out window, `[windows, horizon]`, in the series' unit. */
  async heldOut(): Promise<NDArray> {
    const origins = this.#task.origins(this.#task.test);
    const x = this.#task.inputs(origins);
    this.#predict ??= this.#device.compile(({ x }) => ({ y: this.#model.forward(x) }), { inputs: { x } });
    return this.#task.inUnits(await (await this.#predict).ask({ x }, "y"), origins);
  }

  /** In the series' unit, one value for each step. */
  async rollOut(origin: number, steps: number, edits: Edits): Promise<Float32Array> {
    this.#rollOut ??= GpuRollOut.of(this.#device, this.#model, this.#task);
    return (await this.#rollOut).run(origin, steps, this.#task.rowsWith(new Map(edits)));
  }

  /** Frees the model too: it must not be in training. */
  async dispose(): Promise<void> {
    for (const step of await Promise.all([this.#rollOut, this.#predict])) step?.dispose();
    this.#model.dispose();
  }

  /** The model as a safetensors file. */
  save(): Promise<Uint8Array<ArrayBuffer>> {
    return saveModel(this.#model, this.#task, this.#settings);
  }
}
