import { checkBoolean, checkInteger, checkOptions, show } from "../checks.ts";
import { checkRecovery, Device, type OnDeviceLost } from "../device.ts";
import { OptionError } from "../errors.ts";
import { Module } from "../nn/module.ts";
import { recurrentLayersOf, type StatefulModel } from "../nn/stateful.ts";
import { checkShape, type Shape } from "../shape.ts";

/** Options of {@link Stream.open}. */
export interface StreamOptions {
  /** Number of independent streams in one step, N. Default 1. */
  readonly streams?: number;
  /**
   * Shape of one stream's value at one step: `[32]` for 32 features, `[]` for an index that goes into an Embedding. By default
   * `[model.inputSize]`.
   */
  readonly input?: Shape;
  /** Whether the model takes [N, T, …] and not [T, N, …]. By default as its first recurrent layer. */
  readonly batchFirst?: boolean;
  /** `"f16"`: the model's weights in half precision, as `device.compile` takes it. Default `"f32"`. */
  readonly weights?: "f32" | "f16";
  /**
   * What to do when the GPU device is lost, as `Trainer.fit` takes it.
   *
   * - "throw", the default: steps reject with a {@link DeviceLostError}.
   * - "recover": request a device again as the stream's was, several times with growing pauses; put the model and the last copy of the
   *   state on it; repeat the steps since. Steps under way, and later ones, answer with the bits of an undisturbed stream.
   *   {@link Stream.device} is then the new device. The model's values are those of the last copy.
   * - A function that gives a new device, and does the same with it. Streams of one model need one that gives all of them the same device.
   */
  readonly onDeviceLost?: OnDeviceLost;
  /**
   * With `onDeviceLost`: steps from one copy of state and model in host memory to the next. It is made while the stream goes on. The
   * values of the steps since are kept, too. Default 64.
   */
  readonly keepEvery?: number;
  /** With `onDeviceLost`: how many losses to recover from; the next is thrown. Default 5. */
  readonly maxRecoveries?: number;
}

const OPTIONS = ["streams", "input", "batchFirst", "weights", "onDeviceLost", "keepEvery", "maxRecoveries"];

/** Checks what a stream is opened with, and gives the options with their defaults. */
export function checkStreamOptions(
  where: string,
  device: Device,
  model: StatefulModel,
  options: StreamOptions,
): Required<StreamOptions> {
  if (!(device instanceof Device)) {
    throw new OptionError(`${where}: the first argument must be a Device, got ${show(device)}`);
  }
  device.check(where);
  if (!(model instanceof Module) || typeof model.forward !== "function") {
    throw new OptionError(
      `${where}: the model must extend nn.Module and have forward(x, state), got ${show(model)}`,
    );
  }
  checkOptions(where, options, OPTIONS);
  checkRecovery(where, device, options);
  const { streams = 1 } = options;
  checkInteger(where, "streams", streams);
  const layers = recurrentLayersOf(where, model);
  const { batchFirst = layers[0]?.batchFirst ?? false } = options;
  checkBoolean(where, "batchFirst", batchFirst);
  const { inputSize } = model as { readonly inputSize?: unknown };
  const input = options.input ?? (typeof inputSize === "number" ? [inputSize] : undefined);
  if (input === undefined) {
    throw new OptionError(
      `${where}: what does one step of ${model.constructor.name} take? Give its shape for one stream: { input: [features] }, ` +
        "or [] for an index",
    );
  }
  checkShape(`${where}: input`, input);
  const { weights = "f32", onDeviceLost = "throw", keepEvery = 64, maxRecoveries = 5 } = options;
  return { streams, input, batchFirst, weights, onDeviceLost, keepEvery, maxRecoveries };
}
