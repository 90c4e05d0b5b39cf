import { checkBoolean, checkOptions, show } from "./checks.ts";
import { type CompileOptions, compile, type Planning } from "./compile.ts";
import { OptionError } from "./errors.ts";
import { GpuContext } from "./gpu/context.ts";
import { type AdapterFacts, checkFacts, measureFacts } from "./gpu/facts.ts";
import { forgetFacts, storedFacts, storeFacts } from "./gpu/facts-store.ts";
import {
  type AdapterOptions,
  infoOfDevice,
  type NativeDevice,
  requestGpuDevice,
  subgroupSizeOf,
} from "./gpu/request.ts";
import type { Tensor } from "./graph/tensor.ts";
import type { VersionPins } from "./ops/op.ts";
import type { InputShapes } from "./run/inputs.ts";
import type { CompiledStep } from "./run/step.ts";

/** What can be given instead of being measured or chosen. */
export interface DeviceOptions {
  /**
   * The adapter's facts, where a run is to be planned as an earlier one was: `device.facts` of that run. If not given they are measured,
   * about a quarter of a second, and kept: in a browser from visit to visit, until {@link Device.forgetFacts}.
   */
  readonly facts?: AdapterFacts;
  /**
   * Whether kernel versions whose predicted times lie near each other are timed when a step is compiled that has the choice: some 0.1 to 0.5 s
   * for each size not met before, kept with the facts. Numbers stay within PyTorch's tolerance whatever is chosen, but are the same bits
   * only with the same facts. Default false: what was timed before is used, for the rest the predictions decide.
   */
  readonly calibrate?: boolean;
  /** Kernel versions to use whatever the facts say. */
  readonly versions?: VersionPins;
}

/** A GPU to train and run models on. */
export class Device extends GpuContext {
  readonly #planning: Planning;

  private constructor(base: ConstructorParameters<typeof GpuContext>, planning: Planning) {
    super(...base);
    this.#planning = planning;
  }

  /**
   * Asks the browser for a GPU, with the adapter's higher limits and the optional features worth having.
   * @throws {@link WebGpuUnavailableError}, {@link NoAdapterError} or {@link DeviceLostError}, each saying what to do.
   */
  static async request(options: DeviceOptions & AdapterOptions = {}): Promise<Device> {
    checkOptions("Device.request", options, [...OPTIONS, "powerPreference", "gpu"]);
    const { given, pins } = checkDeviceOptions("Device.request", options);
    const { gpu, info } = await requestGpuDevice(options);
    const facts = given ? restricted(given, gpu) : await factsOf(gpu, info);
    return new Device([gpu, info, facts, true], planningOf(info, facts, pins, options));
  }

  /** Uses a `GPUDevice` that the app already has; `dispose()` leaves it alive. */
  static async from(gpuDevice: NativeDevice, options: DeviceOptions = {}): Promise<Device> {
    checkOptions("Device.from", options, OPTIONS);
    const { given, pins } = checkDeviceOptions("Device.from", options);
    const info = infoOfDevice(gpuDevice);
    const facts = given ? restricted(given, gpuDevice) : await factsOf(gpuDevice, info);
    const device = new Device([gpuDevice, info, facts, false], planningOf(info, facts, pins, options));
    // The device hears of a loss in the past with the next turn of the event loop.
    await new Promise((resolve) => setTimeout(resolve));
    device.check("Device.from");
    return device;
  }

  /** Forgets what was measured of adapters, here and in the browser's storage: the next device measures anew. */
  static async forgetFacts(): Promise<void> {
    known.clear();
    await forgetFacts();
  }

  /**
   * Traces `fn` once, plans it, and gives a step that replays it. `fn` takes symbolic tensors and returns the results to
   * keep by name. With `minimize` and `optimizer` every run also updates the parameters.
   *
   * @example
   * const step = await device.compile(({ x, y }) => {
   *   const pred = model.forward(x);
   *   return { loss: criterion.forward(pred, y), pred };
   * }, { inputs: { x: [64, 20, 1], y: [64, 1] }, minimize: "loss", optimizer });
   */
  compile<Inputs extends InputShapes, Results extends Readonly<Record<string, Tensor>>>(
    fn: (inputs: { readonly [K in keyof Inputs]: Tensor }) => Results,
    options: CompileOptions<Inputs, Results>,
  ): Promise<CompiledStep<keyof Results & string>> {
    return compile(this, this.#planning, fn, options);
  }
}

/** Facts of an adapter as this page knows them; `versions` grows as versions are timed. */
type KnownFacts = AdapterFacts & { readonly versions: Record<string, string> };

const known = new Map<string, KnownFacts>();

/** Subgroups that the device has not got cannot be planned with, whoever says so. */
function restricted(facts: AdapterFacts, gpu: NativeDevice): AdapterFacts {
  return { ...facts, subgroupSize: Math.min(facts.subgroupSize, subgroupSizeOf(gpu)) };
}

/** The facts of a device's adapter: known to this page, stored by an earlier visit, or measured now. */
async function factsOf(gpu: NativeDevice, info: GpuContext["info"]): Promise<KnownFacts> {
  const key = JSON.stringify(info);
  let facts = known.get(key) ?? asFacts(await storedFacts(key));
  if (!facts) {
    const probe = new GpuContext(gpu, info, UNMEASURED, false);
    try {
      facts = { ...(await measureFacts(probe)), versions: {} };
      // What a lost device seems to take is no measurement.
      probe.check("Device");
    } finally {
      probe.dispose();
    }
    await storeFacts(key, facts);
  }
  known.set(key, facts);
  // Two devices of one adapter may differ in the features that were asked for.
  return { ...facts, subgroupSize: subgroupSizeOf(gpu) };
}

const UNMEASURED = {
  gflops: 1,
  barrierMicros: 1,
  dispatchMicros: 1,
  gloads: 1,
  workgroups: 1,
  subgroupSize: 0,
};

/** What was stored, if it is facts: an earlier release may have kept others. */
function asFacts(stored: unknown): KnownFacts | undefined {
  try {
    const { versions = {}, ...facts } = checkFacts("Device", stored as AdapterFacts);
    return { ...facts, versions };
  } catch {
    return undefined;
  }
}

/** How a device chooses versions, and where it keeps what it times. */
function planningOf(
  info: GpuContext["info"],
  facts: AdapterFacts,
  pins: VersionPins,
  { calibrate = false }: DeviceOptions,
): Planning {
  if (!calibrate) return { pins, keepTimed: null };
  const keepTimed = async (versions: Readonly<Record<string, string>>) => {
    Object.assign(facts.versions!, versions);
    await storeFacts(JSON.stringify(info), facts);
  };
  return { pins, keepTimed };
}

const OPTIONS = ["facts", "versions", "calibrate"];

/** Throws an OptionError for options of a device that cannot be; gives those that are looked at again. */
function checkDeviceOptions(where: string, { facts, versions, calibrate = false }: DeviceOptions) {
  const pins = checkPins(where, versions);
  checkBoolean(where, "calibrate", calibrate);
  if (calibrate && facts) {
    throw new OptionError(
      `${where}: facts and calibrate exclude each other: with given facts nothing is measured, so that a run is planned as before`,
    );
  }
  return { pins, given: facts && checkFacts(`${where}: facts`, facts) };
}

const VERSIONS: { readonly [K in keyof VersionPins]-?: readonly string[] } = {
  gemm: ["register", "shared", "lanes4"],
  recurrent: ["cell", "step", "sequence4"],
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
