/** The frame around every GPU test: it fails on any error and on any buffer left. */
import { Device, type DeviceOptions } from "webgpu-lstm";
import { sharedGpu } from "./shared-gpu.ts";

const scopes = ["validation", "out-of-memory", "internal"] as const;

/** The kernels of a file compile once. */
let shared: GPU | undefined;

/** A device shared by tests in sequence, each inside its own error scopes. */
export class GpuFrame {
  readonly device: Device;
  readonly #raw: GPUDevice;
  #faults: string[] = [];
  #closing = false;

  private constructor(device: Device, raw: GPUDevice) {
    this.device = device;
    this.#raw = raw;
    raw.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      this.#faults.push(`uncaptured: ${event.error.message}`);
    });
    raw.lost.then(({ reason, message }) => {
      if (!this.#closing) this.#faults.push(`device lost (${reason}): ${message}`);
    });
  }

  /** @param options as of `Device.request`: kernel versions to use, facts to plan with */
  static async open(options: DeviceOptions = {}): Promise<GpuFrame> {
    shared ??= sharedGpu(navigator.gpu);
    const { gpu, taken } = observed(shared);
    const device = await Device.request({ ...options, gpu });
    return new GpuFrame(device, taken());
  }

  /**
   * Runs `body` inside validation, out-of-memory and internal error scopes.
   *
   * Fails on any captured or uncaptured error, on a lost device, and if `device.memory.total` is not 0 at the end:
   * a test must dispose what it makes. An error from `body` takes precedence.
   */
  async run<R>(body: (device: Device) => R | Promise<R>): Promise<R> {
    for (const scope of scopes) this.#raw.pushErrorScope(scope);
    let result: R;
    try {
      result = await body(this.device);
      await this.#raw.queue.onSubmittedWorkDone();
    } catch (error) {
      // The next test's device may be over the same native one, and finds no scopes of this one's.
      await Promise.allSettled(scopes.map(() => this.#raw.popErrorScope()));
      throw error;
    }
    const live = this.device.memory.total;
    const faults = this.#faults.splice(0);
    if (live !== 0) faults.push(`${live} bytes still live: ${JSON.stringify(this.device.memory.byRole)}`);
    for (const scope of [...scopes].reverse()) {
      const error = await this.#raw.popErrorScope();
      if (error) faults.push(`${scope}: ${error.message}`);
    }
    if (faults.length > 0) throw new Error(`the GPU test left errors behind:\n${faults.join("\n")}`);
    return result;
  }

  close(): void {
    this.#closing = true;
    this.device.dispose();
    this.#raw.destroy();
  }
}

/** Runs `body` like {@link GpuFrame.run}, with a new device. */
export async function withDevice<R>(
  body: (device: Device) => R | Promise<R>,
  options: DeviceOptions = {},
): Promise<R> {
  const frame = await GpuFrame.open(options);
  try {
    return await frame.run(body);
  } finally {
    frame.close();
  }
}

/** A `GPU` that passes on the real one's adapters and records the device made from them. */
function observed(real: GPU): { gpu: GPU; taken: () => GPUDevice } {
  let device: GPUDevice | undefined;
  const requestAdapter = async (options?: GPURequestAdapterOptions) => {
    const adapter = await real.requestAdapter(options);
    if (adapter) {
      const requestDevice = adapter.requestDevice.bind(adapter);
      adapter.requestDevice = async (descriptor) => {
        device = await requestDevice(descriptor);
        return device;
      };
    }
    return adapter;
  };
  const gpu = new Proxy(real, {
    get(target, key) {
      if (key === "requestAdapter") return requestAdapter;
      const value = Reflect.get(target, key, target) as unknown;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return {
    gpu,
    taken() {
      if (!device) throw new Error("withDevice: Device.request made no device from the gpu it was given");
      return device;
    },
  };
}
