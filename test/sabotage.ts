/** A GPU whose devices fail where a test says: the real one's answers, without its having to be out of memory or at fault. */

/** What a test makes fail; each takes what is made, and says whether it fails. */
export interface Sabotage {
  /** Makes a buffer that the GPU refuses. */
  refuseBuffer?: (label: string) => boolean;
  /** Makes a buffer for which there is no memory. */
  exhaust?: (label: string) => boolean;
  /** Makes a buffer that is destroyed before it is used. */
  destroyBuffer?: (label: string) => boolean;
  /** Makes a shader module whose text does not compile. */
  breakShader?: (label: string) => boolean;
  /** Another text for a shader module: a kernel that compiles, and computes something else. */
  alterShader?: (label: string, code: string) => string;
  /** Makes a pipeline of a shader that has no such entry point. */
  breakPipeline?: (label: string) => boolean;
  /** Makes a bind group without its operands. */
  breakBindGroup?: (label: string) => boolean;
  /** Submits a command buffer that is not valid. */
  breakSubmission?: () => boolean;
}

/** A shader's text with an entry point that does nothing. */
export function idle(kernel: string, code: string): string {
  const entry = new RegExp(`fn ${kernel}\\([^]*?\\) \\{`);
  if (!entry.test(code)) throw new Error(`idle: there is no entry point ${kernel}`);
  return code.replace(entry, "$& if (true) { return; }");
}

/** A `GPU` that passes on the real one's adapters; its devices do as `sabotage` says, at any time. */
export function sabotaged(real: GPU, sabotage: Sabotage): { gpu: GPU; native: () => GPUDevice } {
  let native: GPUDevice | undefined;
  const requestAdapter = async (options?: GPURequestAdapterOptions) => {
    const adapter = await real.requestAdapter(options);
    if (!adapter) throw new Error("sabotaged: this machine has no adapter");
    const requestDevice = adapter.requestDevice.bind(adapter);
    adapter.requestDevice = async (descriptor) => {
      native = await requestDevice(descriptor);
      undermine(native, sabotage);
      return native;
    };
    return adapter;
  };
  const gpu = { requestAdapter } as GPU;
  return { gpu, native: () => native! };
}

/** Not a usage that a buffer can have. */
const NO_USAGE = 0xffff;

function undermine(device: GPUDevice, sabotage: Sabotage): void {
  const original = {
    push: device.pushErrorScope.bind(device),
    pop: device.popErrorScope.bind(device),
    buffer: device.createBuffer.bind(device),
    shader: device.createShaderModule.bind(device),
    pipeline: device.createComputePipelineAsync.bind(device),
    bindGroup: device.createBindGroup.bind(device),
    encoder: device.createCommandEncoder.bind(device),
  };
  const scopes: GPUErrorFilter[] = [];
  let exhausted = false;
  device.pushErrorScope = (filter) => {
    scopes.push(filter);
    original.push(filter);
  };
  device.popErrorScope = async () => {
    const answer = original.pop();
    if (scopes.pop() !== "out-of-memory" || !exhausted) return answer;
    exhausted = false;
    await answer;
    return new GPUOutOfMemoryError("the heap is full");
  };
  const invalid = (descriptor: GPUBufferDescriptor) =>
    original.buffer({ ...descriptor, size: 16, usage: NO_USAGE });
  device.createBuffer = (descriptor) => {
    const label = descriptor.label ?? "";
    if (sabotage.refuseBuffer?.(label)) return invalid(descriptor);
    if (sabotage.exhaust?.(label)) {
      exhausted = true;
      original.push("validation");
      const buffer = invalid(descriptor);
      void original.pop();
      return buffer;
    }
    const buffer = original.buffer(descriptor);
    if (sabotage.destroyBuffer?.(label)) buffer.destroy();
    return buffer;
  };
  device.createShaderModule = (descriptor) => {
    const { label = "", code } = descriptor;
    if (sabotage.breakShader?.(label)) return original.shader({ ...descriptor, code: "fn broken( {" });
    return original.shader({ ...descriptor, code: sabotage.alterShader?.(label, code) ?? code });
  };
  device.createComputePipelineAsync = (descriptor) =>
    original.pipeline(
      sabotage.breakPipeline?.(descriptor.label ?? "")
        ? { ...descriptor, compute: { ...descriptor.compute, entryPoint: "nothing" } }
        : descriptor,
    );
  device.createBindGroup = (descriptor) =>
    original.bindGroup(
      sabotage.breakBindGroup?.(descriptor.label ?? "") ? { ...descriptor, entries: [] } : descriptor,
    );
  device.createCommandEncoder = (descriptor) => {
    const encoder = original.encoder(descriptor);
    // A pass that is left open.
    if (sabotage.breakSubmission?.()) encoder.beginComputePass();
    return encoder;
  };
}
