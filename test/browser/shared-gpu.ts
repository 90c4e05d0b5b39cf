/**
 * Devices that share one native device and its compiled kernels. A software adapter takes a fifth of a second for each kernel, and most
 * tests want their own device for what it holds, not to compile its kernels again.
 */

/** A native device, and the pipelines that it has made, by their text and operands. */
interface Native {
  readonly device: GPUDevice;
  readonly pipelines: Map<string, GPUComputePipeline>;
}

/** Native devices by what was asked for. */
type Natives = Map<string, Promise<Native>>;

/**
 * A `GPU` whose adapters give devices that are native ones shared by all that ask for the same limits and features. Each has its own
 * buffers, events, loss and end; modules and layouts are made, and errors found, as ever. Not for tests of a device's loss.
 */
export function sharedGpu(real: GPU): GPU {
  const natives: Natives = new Map();
  const requestAdapter = async (options?: GPURequestAdapterOptions) => {
    const adapter = await real.requestAdapter(options);
    if (!adapter) return null;
    const request = adapter.requestDevice.bind(adapter);
    adapter.requestDevice = async (descriptor = {}) => deviceOf(await nativeOf(natives, descriptor, request));
    return adapter;
  };
  return withOwn(real, { requestAdapter });
}

/** The native device for a descriptor; a lost one is replaced. */
function nativeOf(
  natives: Natives,
  descriptor: GPUDeviceDescriptor,
  request: GPUAdapter["requestDevice"],
): Promise<Native> {
  const { requiredFeatures = [], requiredLimits = {} } = descriptor;
  const key = JSON.stringify([[...requiredFeatures].sort(), Object.entries(requiredLimits).sort()]);
  let native = natives.get(key);
  if (!native) {
    native = request(descriptor).then((device) => {
      void device.lost.then(() => natives.delete(key));
      return { device, pipelines: new Map<string, GPUComputePipeline>() };
    });
    native.catch(() => natives.delete(key));
    natives.set(key, native);
  }
  return native;
}

/** A device over a native one. */
function deviceOf({ device: native, pipelines }: Native): GPUDevice {
  const buffers = new Set<GPUBuffer>();
  const events = new AbortController();
  let end!: (how: GPUDeviceLostInfo) => void;
  const ended = new Promise<GPUDeviceLostInfo>((resolve) => {
    end = resolve;
  });
  const codes = new WeakMap<GPUShaderModule, string>();
  const operands = new WeakMap<GPUBindGroupLayout | GPUPipelineLayout, string>();

  /** What two pipelines have in common that compute the same; nothing for one that is unlike the library's. */
  const keyOf = ({ layout, compute }: GPUComputePipelineDescriptor): string | undefined => {
    const code = codes.get(compute.module);
    const bound = layout === "auto" ? undefined : operands.get(layout);
    if (code === undefined || bound === undefined || compute.constants) return undefined;
    return [compute.entryPoint, bound, code].join("\n");
  };
  const known = (key: string | undefined) => (key === undefined ? undefined : pipelines.get(key));

  return withOwn<GPUDevice>(native, {
    lost: Promise.race([native.lost, ended]),
    createBuffer(descriptor) {
      const buffer = native.createBuffer(descriptor);
      buffers.add(buffer);
      return buffer;
    },
    createShaderModule(descriptor) {
      const module = native.createShaderModule(descriptor);
      codes.set(module, descriptor.code);
      return module;
    },
    createBindGroupLayout(descriptor) {
      const layout = native.createBindGroupLayout(descriptor);
      operands.set(layout, JSON.stringify(descriptor.entries));
      return layout;
    },
    createPipelineLayout(descriptor) {
      const layout = native.createPipelineLayout(descriptor);
      operands.set(
        layout,
        [...descriptor.bindGroupLayouts].map((group) => group && operands.get(group)).join(),
      );
      return layout;
    },
    createComputePipeline(descriptor) {
      return known(keyOf(descriptor)) ?? native.createComputePipeline(descriptor);
    },
    async createComputePipelineAsync(descriptor) {
      const key = keyOf(descriptor);
      const pipeline = known(key) ?? (await native.createComputePipelineAsync(descriptor));
      if (key !== undefined) pipelines.set(key, pipeline);
      return pipeline;
    },
    addEventListener(type: string, listener: EventListener, options?: AddEventListenerOptions) {
      native.addEventListener(type, listener, { ...options, signal: events.signal });
    },
    destroy() {
      for (const buffer of buffers) buffer.destroy();
      buffers.clear();
      events.abort();
      end({ reason: "destroyed", message: "Device was destroyed." } as GPUDeviceLostInfo);
    },
  });
}

/** An object of the platform with properties of its own before those that it has; more can be set, which it keeps for itself. */
function withOwn<T extends object>(real: T, own: Partial<T>): T {
  return new Proxy(own as T, {
    get(mine, key) {
      if (Object.hasOwn(mine, key)) return Reflect.get(mine, key) as unknown;
      const value = Reflect.get(real, key, real) as unknown;
      return typeof value === "function" ? value.bind(real) : value;
    },
  });
}
