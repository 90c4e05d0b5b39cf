import { checkOptions, OptionError, show } from "../errors.ts";
import { GpuContext } from "../gpu/context.ts";
import { type AdapterFacts, checkFacts, measureFacts } from "../gpu/facts.ts";
import {
  type AdapterOptions,
  infoOfDevice,
  type NativeDevice,
  requestGpuDevice,
  subgroupSizeOf,
} from "../gpu/request.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { VersionPins } from "../ops/op.ts";
import { type CompileOptions, compile } from "./compile.ts";
import type { InputShapes } from "./inputs.ts";
import type { CompiledStep } from "./step.ts";

/** What can be given instead of being measured or chosen. */
export interface DeviceOptions {
  /** The adapter's facts, where a run is to be planned as an earlier one was; measured if not given. */
  readonly facts?: AdapterFacts;
  /** Kernel versions to use whatever the facts say. */
  readonly versions?: VersionPins;
}

/** A GPU to train and run models on. */
export class Device extends GpuContext {
  readonly #pins: VersionPins = {};

  private constructor(base: ConstructorParameters<typeof GpuContext>, pins: VersionPins) {
    super(...base);
    this.#pins = pins;
  }

  /**
   * Asks the browser for a GPU, with the adapter's higher limits and the optional features worth having.
   * @throws {@link WebGpuUnavailableError}, {@link NoAdapterError} or {@link DeviceLostError}, each saying what to do.
   */
  static async request(options: DeviceOptions & AdapterOptions = {}): Promise<Device> {
    checkOptions("Device.request", options, ["facts", "versions", "powerPreference", "gpu"]);
    const pins = checkPins("Device.request", options.versions);
    const given = options.facts && checkFacts("Device.request: facts", options.facts);
    const { gpu, info } = await requestGpuDevice(options);
    return new Device([gpu, info, await factsOf(gpu, info, given), true], pins);
  }

  /** Uses a `GPUDevice` that the app already has; `dispose()` leaves it alive. */
  static async from(gpuDevice: NativeDevice, options: DeviceOptions = {}): Promise<Device> {
    checkOptions("Device.from", options, ["facts", "versions"]);
    const pins = checkPins("Device.from", options.versions);
    const given = options.facts && checkFacts("Device.from: facts", options.facts);
    const info = infoOfDevice(gpuDevice);
    const facts = await factsOf(gpuDevice, info, given);
    const device = new Device([gpuDevice, info, facts, false], pins);
    // The device hears of a loss in the past with the next turn of the event loop.
    await new Promise((resolve) => setTimeout(resolve));
    device.check("Device.from");
    return device;
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
    return compile(this, this.#pins, fn, options);
  }
}

/** Facts measured in this page, by adapter. */
const known = new Map<string, AdapterFacts>();

async function factsOf(
  gpu: NativeDevice,
  info: GpuContext["info"],
  given: AdapterFacts | undefined,
): Promise<AdapterFacts> {
  // Subgroups that the device has not got cannot be planned with, whoever says so.
  if (given) return { ...given, subgroupSize: Math.min(given.subgroupSize, subgroupSizeOf(gpu)) };
  const key = JSON.stringify(info);
  let facts = known.get(key);
  if (!facts) {
    const unmeasured = { gflops: 1, barrierMicros: 1, dispatchMicros: 1, subgroupSize: subgroupSizeOf(gpu) };
    const probe = new GpuContext(gpu, info, unmeasured, false);
    try {
      facts = await measureFacts(probe);
      // What a lost device seems to take is no measurement.
      probe.check("Device");
    } finally {
      probe.dispose();
    }
    known.set(key, facts);
  }
  // Two devices of one adapter may differ in the features that were asked for.
  return { ...facts, subgroupSize: subgroupSizeOf(gpu) };
}

const VERSIONS: { readonly [K in keyof VersionPins]-?: readonly string[] } = {
  gemm: ["register", "shared", "subgroup"],
  recurrent: ["cell", "step", "subgroup"],
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
