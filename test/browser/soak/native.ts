/** A GPU device of the test's own, which counts its live buffers and can be taken away. */
const wanted = ["subgroups", "timestamp-query", "shader-f16"] as GPUFeatureName[];

export class Native {
  readonly gpu: GPUDevice;
  /** Buffers that are made and not destroyed. */
  readonly live = new Set<GPUBuffer>();
  /** What the driver says that nobody asked for. */
  readonly faults: string[] = [];

  private constructor(gpu: GPUDevice) {
    this.gpu = gpu;
    gpu.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      this.faults.push(event.error.message);
    });
    const create = gpu.createBuffer.bind(gpu);
    gpu.createBuffer = (descriptor) => {
      const buffer = create(descriptor);
      this.live.add(buffer);
      const destroy = buffer.destroy.bind(buffer);
      buffer.destroy = () => {
        this.live.delete(buffer);
        return destroy();
      };
      return buffer;
    };
  }

  static async open(): Promise<Native> {
    const adapter = (await navigator.gpu.requestAdapter())!;
    const requiredFeatures = wanted.filter((feature) => adapter.features.has(feature));
    return new Native(await adapter.requestDevice({ requiredFeatures }));
  }
}
