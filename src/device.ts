import { checkInteger, show } from "./checks.ts";
import { compile } from "./compile.ts";
import { AdapterFaultError, type DeviceLostError, OptionError } from "./errors.ts";
import type { AdapterFacts } from "./gpu/adapter-facts.ts";
import { type AdapterInfo, GpuContext } from "./gpu/context.ts";
import { Kernel } from "./gpu/kernel.ts";
import {
  addVerdicts,
  deviceChecks,
  factsOf,
  forgetAllFacts,
  passOnce,
  restrictFacts,
  tools,
} from "./gpu/known-facts.ts";
import { type AdapterOptions, infoOfDevice, type NativeDevice, requestGpuDevice } from "./gpu/request.ts";
import { StagingPool } from "./gpu/staging.ts";
import type { Tensor } from "./graph/tensor.ts";
import { OnDemand } from "./ondemand.ts";
import type { VersionPins } from "./ops/op.ts";
import type { Planning } from "./plan/planning.ts";
import type { CompileOptions } from "./run/compile-options.ts";
import type { CompileInputs, InputTensors } from "./run/inputs.ts";
import type { CompiledStep } from "./run/step.ts";

/** How a device plans. Everything is measured or chosen if not given. */
export interface DeviceOptions {
  /**
   * The adapter's facts. Give `device.facts` of an earlier run to plan as that run did. If not given, they are measured in about
   * a quarter of a second and kept, in a browser from visit to visit, until {@link Device.forgetFacts}.
   */
  readonly facts?: AdapterFacts;
  /**
   * Whether `compile` times kernel versions whose predicted times are close; versions of recurrent layers are timed on a GPU in any case.
   * It takes 0.1 to 0.5 s for each new size, and the result is kept with the facts. Any choice stays within PyTorch's tolerance, but only
   * the same facts give the same bits. Default false: earlier timings are used, and predictions decide the rest.
   */
  readonly calibrate?: boolean;
  /** Kernel versions to use, regardless of the facts. */
  readonly versions?: VersionPins;
  /**
   * Whether to train a tiny LSTM, GRU and Linear for one step first and compare every number with PyTorch's: there are drivers that give
   * zeros or worse without an error. A result that is good is kept with the facts, so that it runs once for the same `versions`.
   * Default: true where the facts of a GPU are measured, false for an adapter that computes on the CPU and with given facts.
   */
  readonly selfTest?: boolean;
}

const test = /* @__PURE__ */ new OnDemand(() => import("./self-test/self-test.ts"));

/** What the self test uses of this file's chunk. */
const CLASSES = { KernelOf: Kernel, Staging: StagingPool, Texts: OnDemand, Fault: AdapterFaultError };

/** No options: they need no checks. */
const NONE: DeviceOptions = {};

/** Checked options; `others` are further ones of the call. */
async function checked(
  where: string,
  options: DeviceOptions,
  others: readonly string[] = [],
): Promise<DeviceOptions> {
  if (options === NONE) return NONE;
  await deviceChecks.load();
  return deviceChecks.module.checkDeviceOptions(tools, where, options, others);
}

/**
 * A GPU to train and run models on.
 *
 * @example
 * const device = await Device.request();
 * const step = await device.compile(({ x }) => ({ y: model.forward(x) }), { inputs: { x: [64, 20, 1] } });
 * const y = await step.run({ x }).y.read(); // { data, shape }
 */
export class Device extends GpuContext {
  /** What it was requested with; `null` for an app's own device. @internal */
  requested: (DeviceOptions & AdapterOptions) | null = null;
  readonly #planning: Planning;

  private constructor(base: ConstructorParameters<typeof GpuContext>, planning: Planning) {
    if (!planning?.keep) throw new OptionError("Device: await Device.request() gives one");
    super(...base);
    this.#planning = planning;
  }

  /**
   * Requests a GPU from the browser, with the adapter's higher limits and the optional features that the library uses.
   * @throws {@link WebGpuUnavailableError}, {@link NoAdapterError}, {@link DeviceLostError} or {@link AdapterFaultError}, each saying what to
   * do.
   */
  static async request(options: DeviceOptions & AdapterOptions = NONE): Promise<Device> {
    const where = "Device.request";
    const choice = await checked(where, options, ["powerPreference", "gpu"]);
    const { gpu, info } = await requestGpuDevice(options);
    const device = await Device.#open(where, gpu, info, choice, true);
    device.requested = { ...options };
    return device;
  }

  /**
   * Uses a `GPUDevice` that the app already has; `dispose()` leaves it alive. The library's GPU errors reject its own calls and never
   * come as `uncapturederror` events; the app's errors remain the app's. This takes an error scope for each submission, some
   * microseconds that a device of {@link Device.request} does not spend. In Node, keep the `GPU` object that the device came from: Dawn crashes
   * when it is collected first.
   */
  static async from(gpuDevice: NativeDevice, options: DeviceOptions = NONE): Promise<Device> {
    const where = "Device.from";
    const choice = await checked(where, options);
    const device = await Device.#open(where, gpuDevice, await infoOfDevice(gpuDevice), choice, false);
    // An earlier loss is reported in the next turn of the event loop.
    await new Promise((resolve) => setTimeout(resolve));
    device.check(where);
    return device;
  }

  static async #open(
    where: string,
    gpu: NativeDevice,
    info: AdapterInfo,
    { facts: given, versions: pins = {}, calibrate = false, selfTest }: DeviceOptions,
    owned: boolean,
  ): Promise<Device> {
    try {
      const measured = given ? null : await factsOf(gpu, info);
      const facts = measured ?? restrictFacts("Device: facts", given!, gpu);
      const proves = !given && !facts.software;
      if (selfTest ?? proves) {
        await passOnce(gpu, info, facts, pins, async (context) => {
          await test.load();
          await test.module.selfTest(context, pins, where, CLASSES);
        });
      }
      const device = new Device([gpu, info, facts, owned], {
        pins,
        calibrate,
        proves,
        keep: (verdicts) => addVerdicts(gpu, info, measured!, verdicts),
      });
      return await device.learn();
    } catch (error) {
      if (owned) gpu.destroy();
      throw error;
    }
  }

  /** Forgets the measured facts of all adapters, here and in the browser's storage; the next device measures again. */
  static forgetFacts(): Promise<void> {
    return forgetAllFacts();
  }

  /**
   * Traces `fn` once, plans it, and returns a step that replays it. `fn` takes symbolic tensors and returns the results to keep
   * by name. With an `optimizer` every run also updates the parameters, to minimize the one scalar result.
   *
   * The step follows its model. It is traced again when the mode of a module changes, when a parameter or a module is replaced
   * (`model.fc = new nn.Linear(64, 3)`), and when a list of modules grows. An optimizer keeps its parameters, as in PyTorch; a run throws a
   * {@link GraphError} if the new ones are in none. Numbers that the function reads, such as `dropout.p`, stay as they were traced.
   *
   * @example
   * const step = await device.compile(({ x, y }) => {
   *   const pred = model.forward(x);
   *   return { loss: criterion.forward(pred, y), pred };
   * }, { inputs: { x: [64, 20, 1], y: [64, 1] }, optimizer });
   */
  compile<Inputs extends CompileInputs, Results extends Readonly<Record<string, Tensor>>>(
    fn: (inputs: InputTensors<Inputs>) => Results,
    options: CompileOptions<Inputs, Results>,
  ): Promise<CompiledStep<keyof Results & string>> {
    return compile(this, this.#planning, fn, options);
  }
}

/** What to do when the GPU device is lost: throw, request one as it was, or use the one that a function gives. */
export type OnDeviceLost = "throw" | "recover" | ((lost: DeviceLostError) => Device | Promise<Device>);

/** How a trainer or a stream goes on with another device when its own is lost. */
export interface RecoveryOptions {
  readonly onDeviceLost?: OnDeviceLost;
  readonly keepEvery?: number;
  readonly maxRecoveries?: number;
}

/** Throws an OptionError unless `device` can be replaced as the options say. */
export function checkRecovery(
  where: string,
  device: Device,
  { onDeviceLost = "throw", keepEvery, maxRecoveries }: RecoveryOptions,
): void {
  if (onDeviceLost !== "throw" && onDeviceLost !== "recover" && typeof onDeviceLost !== "function") {
    throw new OptionError(
      `${where}: onDeviceLost must be "throw", "recover" or a function that gives a device, got ${show(onDeviceLost)}`,
    );
  }
  checkInteger(where, "keepEvery", keepEvery ?? 1);
  checkInteger(where, "maxRecoveries", maxRecoveries ?? 0, 0);
  if (onDeviceLost === "throw" && (keepEvery ?? maxRecoveries) !== undefined) {
    throw new OptionError(`${where}: keepEvery and maxRecoveries need onDeviceLost, "recover" or a function`);
  }
  if (onDeviceLost === "recover" && !device.requested) {
    throw new OptionError(
      `${where}: onDeviceLost "recover" needs a device of Device.request; for one of Device.from give a function that makes another`,
    );
  }
}
