/** A GPU with smaller limits than it has, which it keeps as WebGPU would: what exceeds one throws. */

export type Limits = Readonly<Partial<Record<keyof Omit<GPUSupportedLimits, "__brand">, number>>>;

/** The limits of WebGPU's compatibility mode that are lower than the default ones. */
export const COMPATIBILITY: Limits = {
  maxComputeInvocationsPerWorkgroup: 128,
  maxComputeWorkgroupSizeX: 128,
  maxComputeWorkgroupSizeY: 128,
  maxComputeWorkgroupStorageSize: 16_384,
  maxUniformBufferBindingSize: 16_384,
  maxStorageBufferBindingSize: 2 ** 27,
  maxBufferSize: 2 ** 28,
};

/** Replaces a property of one object of the platform. */
function override(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, configurable: true });
}

function within(what: string, value: number, most: number): void {
  if (value > most) throw new Error(`limited GPU: ${what} is ${value}, the limit is ${most}`);
}

/** `@workgroup_size` and the bytes of workgroup memory in WGSL whose constants are plain numbers. */
function workgroupOf(code: string): { readonly size: number[]; readonly bytes: number } {
  const number = (text: string) =>
    Number(/^\d+/.exec(text)?.[0] ?? new RegExp(`^const ${text} = (\\d+)u;`, "m").exec(code)?.[1]);
  const size = /@workgroup_size\(([^)]*)\)/
    .exec(code)![1]!
    .split(",")
    .map((text) => number(text.trim()));
  const arrays = code.matchAll(/^var<workgroup> \w+: array<(\w+), (\w+)>/gm);
  const bytesOf: Readonly<Record<string, number>> = { f32: 4, u32: 4, vec4f: 16 };
  const bytes = [...arrays].reduce((sum, [, type, count]) => sum + bytesOf[type!]! * number(count!), 0);
  return { size, bytes };
}

/** Makes a device keep these limits. */
export function limitDevice(device: GPUDevice, limits: Limits): GPUDevice {
  const all = new Proxy(device.limits, {
    get: (real, name) => limits[name as keyof Limits] ?? Reflect.get(real, name, real),
  });
  override(device, "limits", all);
  const storages = new WeakMap<GPUBindGroupLayout, ReadonlySet<number>>();
  const codes = new WeakMap<GPUShaderModule, string>();
  const { createBuffer, createBindGroupLayout, createBindGroup, createShaderModule } = device;
  const { createComputePipeline, createComputePipelineAsync, createCommandEncoder } = device;

  override(device, "createBuffer", (descriptor: GPUBufferDescriptor) => {
    within(`buffer ${descriptor.label}`, descriptor.size, all.maxBufferSize);
    return createBuffer.call(device, descriptor);
  });
  override(device, "createBindGroupLayout", (descriptor: GPUBindGroupLayoutDescriptor) => {
    const entries = [...descriptor.entries].filter(({ buffer }) => buffer?.type !== "uniform");
    within(`storage buffers of ${descriptor.label}`, entries.length, all.maxStorageBuffersPerShaderStage);
    const layout = createBindGroupLayout.call(device, descriptor);
    storages.set(layout, new Set(entries.map(({ binding }) => binding)));
    return layout;
  });
  override(device, "createBindGroup", (descriptor: GPUBindGroupDescriptor) => {
    for (const { binding, resource } of descriptor.entries) {
      const { buffer, offset = 0, size = buffer.size - offset } = resource as GPUBufferBinding;
      const isStorage = storages.get(descriptor.layout)!.has(binding);
      const most = isStorage ? all.maxStorageBufferBindingSize : all.maxUniformBufferBindingSize;
      within(`binding ${binding} of ${descriptor.label}`, size, most);
      if (isStorage) {
        const rest = offset % all.minStorageBufferOffsetAlignment;
        within(`misalignment of binding ${binding} of ${descriptor.label}`, rest, 0);
      }
    }
    return createBindGroup.call(device, descriptor);
  });
  override(device, "createShaderModule", (descriptor: GPUShaderModuleDescriptor) => {
    const module = createShaderModule.call(device, descriptor);
    codes.set(module, descriptor.code);
    return module;
  });
  const checkPipeline = ({ label, compute }: GPUComputePipelineDescriptor) => {
    const { size, bytes } = workgroupOf(codes.get(compute.module)!);
    const [x = 1, y = 1, z = 1] = size;
    within(`workgroup of ${label}`, x * y * z, all.maxComputeInvocationsPerWorkgroup);
    within(`workgroup of ${label} in x`, x, all.maxComputeWorkgroupSizeX);
    within(`workgroup of ${label} in y`, y, all.maxComputeWorkgroupSizeY);
    within(`workgroup memory of ${label}`, bytes, all.maxComputeWorkgroupStorageSize);
  };
  override(device, "createComputePipeline", (descriptor: GPUComputePipelineDescriptor) => {
    checkPipeline(descriptor);
    return createComputePipeline.call(device, descriptor);
  });
  override(device, "createComputePipelineAsync", async (descriptor: GPUComputePipelineDescriptor) => {
    checkPipeline(descriptor);
    return createComputePipelineAsync.call(device, descriptor);
  });
  override(device, "createCommandEncoder", () => {
    const encoder = createCommandEncoder.call(device);
    const { beginComputePass } = encoder;
    override(encoder, "beginComputePass", (descriptor?: GPUComputePassDescriptor) => {
      const pass = beginComputePass.call(encoder, descriptor);
      const { dispatchWorkgroups } = pass;
      override(pass, "dispatchWorkgroups", (x: number, y = 1, z = 1) => {
        within("a grid", Math.max(x, y, z), all.maxComputeWorkgroupsPerDimension);
        dispatchWorkgroups.call(pass, x, y, z);
      });
      return pass;
    });
    return encoder;
  });
  return device;
}

/** The GPU with these limits for every adapter and device that it gives. */
export function limitedGpu(real: GPU, limits: Limits): GPU {
  const requestAdapter = async (options?: GPURequestAdapterOptions) => {
    const adapter = await real.requestAdapter(options);
    if (!adapter) return null;
    const { requestDevice } = adapter;
    const all = new Proxy(adapter.limits, {
      get: (of, name) => limits[name as keyof Limits] ?? Reflect.get(of, name, of),
    });
    override(adapter, "limits", all);
    override(adapter, "requestDevice", async (descriptor?: GPUDeviceDescriptor) =>
      limitDevice(await requestDevice.call(adapter, descriptor), limits),
    );
    return adapter;
  };
  return new Proxy(real, {
    get(target, key) {
      if (key === "requestAdapter") return requestAdapter;
      const value = Reflect.get(target, key, target) as unknown;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
