/** A `GPU` whose adapters offer what WebGPU guarantees and nothing more: no optional feature, the default limits. */
export function stripped(gpu: GPU): GPU {
  return new Proxy(gpu, {
    get: (target, key) =>
      key === "requestAdapter"
        ? async (options?: GPURequestAdapterOptions) => {
            const adapter = await target.requestAdapter(options);
            return adapter && strippedAdapter(adapter, await defaultLimits(target, options));
          }
        : bound(target, key),
  });
}

/** An adapter gives one device, so this takes another one of its kind. */
async function defaultLimits(gpu: GPU, options?: GPURequestAdapterOptions): Promise<GPUSupportedLimits> {
  const device = await (await gpu.requestAdapter(options))!.requestDevice();
  const { limits } = device;
  device.destroy();
  return limits;
}

function strippedAdapter(adapter: GPUAdapter, limits: GPUSupportedLimits): GPUAdapter {
  const hidden = { features: new Set<string>(), limits };
  return new Proxy(adapter, {
    get: (target, key) => (key in hidden ? hidden[key as keyof typeof hidden] : bound(target, key)),
  });
}

function bound(target: object, key: string | symbol): unknown {
  const value: unknown = Reflect.get(target, key, target);
  return typeof value === "function" ? value.bind(target) : value;
}
