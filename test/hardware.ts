/** A GPU whose adapter does not say that it is software, so that it is tested, and its kernel versions compared and timed. */
export function asHardware(gpu: GPU): GPU {
  const requestAdapter = async (options?: GPURequestAdapterOptions) => {
    const adapter = await gpu.requestAdapter(options);
    Object.defineProperty(adapter, "info", { value: { vendor: "a vendor" } });
    return adapter;
  };
  return { requestAdapter } as GPU;
}
