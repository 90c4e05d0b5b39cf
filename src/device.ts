import { checkBoolean, checkOptions, show } from "./checks.ts";
import { type CompileOptions, compile, type Planning } from "./compile.ts";
import { OptionError } from "./errors.ts";
import type { AdapterFacts } from "./gpu/adapter-facts.ts";
import { type AdapterInfo, GpuContext } from "./gpu/context.ts";
import { checkFacts } from "./gpu/facts.ts";
import { addVersions, factsOf, forgetAllFacts, restrictFacts } from "./gpu/known-facts.ts";
import { type AdapterOptions, infoOfDevice, type NativeDevice, requestGpuDevice } from "./gpu/request.ts";
import type { Tensor } from "./graph/tensor.ts";
import type { VersionPins } from "./ops/op.ts";
import type { CompileInputs } from "./run/inputs.ts";
import type { CompiledStep } from "./run/step.ts";

/** How a device plans. Everything is measured or chosen if not given. */
export interface DeviceOptions {
  /**
   * The adapter's facts. Give `device.facts` of an earlier run to plan as that run did. If not given, they are measured in about
   * a quarter of a second and kept, in a browser from visit to visit, until {@link Device.forgetFacts}.
   */
  readonly facts?: AdapterFacts;
  /**
   * Whether `compile` times kernel versions whose predicted times are close. It takes 0.1 to 0.5 s for each new size, and the
   * result is kept with the facts. Any choice stays within PyTorch's tolerance, but only the same facts give the same bits.
   * Default false: earlier timings are used, and predictions decide the rest.
   */
  readonly calibrate?: boolean;
  /** Kernel versions to use, regardless of the facts. */
  readonly versions?: VersionPins;
}

/** A GPU to train and run models on. */
export class Device extends GpuContext {
  /** What it was requested with; `null` for an app's own device. @internal */
  requested: (DeviceOptions & AdapterOptions) | null = null;
  readonly #planning: Planning;

  private constructor(base: ConstructorParameters<typeof GpuContext>, planning: Planning) {
    super(...base);
    this.#planning = planning;
  }

  /**
   * Requests a GPU from the browser, with the adapter's higher limits and the optional features that the library uses.
   * @throws {@link WebGpuUnavailableError}, {@link NoAdapterError} or {@link DeviceLostError}, each saying what to do.
   */
  static async request(options: DeviceOptions & AdapterOptions = {}): Promise<Device> {
    checkOptions("Device.request", options, [...OPTIONS, "powerPreference", "gpu"]);
    const choice = checkDeviceOptions("Device.request", options);
    const { gpu, info } = await requestGpuDevice(options);
    const device = await Device.#open(gpu, info, choice, true);
    device.requested = options;
    return device;
  }

  /**
   * Uses a `GPUDevice` that the app already has; `dispose()` leaves it alive. The library's GPU errors reject its own calls and never
   * come as `uncapturederror` events; the app's errors remain the app's. This takes an error scope for each submission, some
   * microseconds that a device of {@link Device.request} does not spend. In Node, keep the `GPU` object that the device came from: Dawn crashes
   * when it is collected first.
   */
  static async from(gpuDevice: NativeDevice, options: DeviceOptions = {}): Promise<Device> {
    checkOptions("Device.from", options, OPTIONS);
    const choice = checkDeviceOptions("Device.from", options);
    const device = await Device.#open(gpuDevice, infoOfDevice(gpuDevice), choice, false);
    // An earlier loss is reported in the next turn of the event loop.
    await new Promise((resolve) => setTimeout(resolve));
    device.check("Device.from");
    return device;
  }

  static async #open(
    gpu: NativeDevice,
    info: AdapterInfo,
    { given, pins, calibrate }: DeviceChoice,
    owned: boolean,
  ): Promise<Device> {
    const open = (facts: AdapterFacts, keepTimed: Planning["keepTimed"]) =>
      new Device([gpu, info, facts, owned], { pins, keepTimed });
    if (given) {
      try {
        return open(restrictFacts("Device: facts", given, gpu), null);
      } catch (error) {
        if (owned) gpu.destroy();
        throw error;
      }
    }
    const facts = await factsOf(gpu, info);
    const keepTimed = (versions: Readonly<Record<string, string>>) => addVersions(gpu, info, facts, versions);
    return open(facts, calibrate ? keepTimed : null);
  }

  /** Forgets the measured facts of all adapters, here and in the browser's storage; the next device measures again. */
  static forgetFacts(): Promise<void> {
    return forgetAllFacts();
  }

  /**
   * Traces `fn` once, plans it, and returns a step that replays it. `fn` takes symbolic tensors and returns the results to keep
   * by name. With an `optimizer` every run also updates the parameters, to minimize the one scalar result.
   *
   * @example
   * const step = await device.compile(({ x, y }) => {
   *   const pred = model.forward(x);
   *   return { loss: criterion.forward(pred, y), pred };
   * }, { inputs: { x: [64, 20, 1], y: [64, 1] }, optimizer });
   */
  compile<Inputs extends CompileInputs, Results extends Readonly<Record<string, Tensor>>>(
    fn: (inputs: { readonly [K in keyof Inputs]: Tensor }) => Results,
    options: CompileOptions<Inputs, Results>,
  ): Promise<CompiledStep<keyof Results & string>> {
    return compile(this, this.#planning, fn, options);
  }
}

const OPTIONS = ["facts", "versions", "calibrate"];

/** Checked options of a device. */
interface DeviceChoice {
  readonly pins: VersionPins;
  readonly given: AdapterFacts | undefined;
  readonly calibrate: boolean;
}

/** Throws an OptionError for options that a device cannot have. */
function checkDeviceOptions(
  where: string,
  { facts, versions, calibrate = false }: DeviceOptions,
): DeviceChoice {
  const pins = checkPins(where, versions);
  checkBoolean(where, "calibrate", calibrate);
  if (calibrate && facts) {
    throw new OptionError(
      `${where}: facts and calibrate exclude each other: with given facts nothing is measured, so that a run is planned as before`,
    );
  }
  return { pins, given: facts && checkFacts(`${where}: facts`, facts), calibrate };
}

const VERSIONS: { readonly [K in keyof VersionPins]-?: readonly string[] } = {
  gemm: ["register", "shared", "lanes4"],
  recurrent: ["cell", "step", "sequence4", "sequence"],
};

function checkPins(where: string, pins: VersionPins = {}): VersionPins {
  checkOptions(`${where}: versions`, pins, Object.keys(VERSIONS));
  for (const [name, allowed] of Object.entries(VERSIONS)) {
    const pin = pins[name as keyof VersionPins];
    if (pin !== undefined && !allowed.includes(pin)) {
      throw new OptionError(
        `${where}: versions.${name} must be one of ${allowed.join(", ")}, got ${show(pin)}`,
      );
    }
  }
  return { ...pins };
}
