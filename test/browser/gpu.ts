/** The frame around every GPU test: no error of any kind goes by, and no buffer stays behind. */
import { Device, type DeviceOptions } from "webgpu-lstm";

const scopes = ["validation", "out-of-memory", "internal"] as const;

/**
 * Runs `body` with a fresh device inside validation, out-of-memory and internal error scopes.
 *
 * Fails on an error that any scope caught, on an uncaptured error, on a lost device, and when `device.memory.total` is
 * not 0 at the end: a test disposes what it makes. An error that `body` throws comes first.
 * @param options as of `Device.request`: kernel versions to use, facts to plan with
 */
export async function withDevice<R>(
  body: (device: Device) => R | Promise<R>,
  options: DeviceOptions = {},
): Promise<R> {
  const { gpu, taken } = observed(navigator.gpu);
  const device = await Device.request({ ...options, gpu });
  const raw = taken();
  const faults: string[] = [];
  raw.addEventListener("uncapturederror", (event) => {
    event.preventDefault();
    faults.push(`uncaptured: ${event.error.message}`);
  });
  let closing = false;
  raw.lost.then(({ reason, message }) => {
    if (!closing) faults.push(`device lost (${reason}): ${message}`);
  });

  for (const scope of scopes) raw.pushErrorScope(scope);
  let result: R;
  try {
    result = await body(device);
    await raw.queue.onSubmittedWorkDone();
    const live = device.memory.total;
    if (live !== 0) faults.push(`${live} bytes still live: ${JSON.stringify(device.memory.byRole)}`);
    for (const scope of [...scopes].reverse()) {
      const error = await raw.popErrorScope();
      if (error) faults.push(`${scope}: ${error.message}`);
    }
  } finally {
    closing = true;
    device.dispose();
    raw.destroy();
  }
  if (faults.length > 0) throw new Error(`the GPU test left errors behind:\n${faults.join("\n")}`);
  return result;
}

/** A `GPU` that hands out the real one's adapters, and tells which device was made from them. */
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
