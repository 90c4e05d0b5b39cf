/**
 * Train and run LSTM, GRU and RNN models on WebGPU with PyTorch's names, semantics and numbers.
 * @packageDocumentation
 */

export * as data from "./data/index.ts";
export { Device, type DeviceOptions, type OnDeviceLost } from "./device.ts";
export * from "./errors.ts";
export type { AdapterFacts } from "./gpu/adapter-facts.ts";
export type { MemoryReport } from "./gpu/buffer.ts";
export type { AdapterInfo } from "./gpu/context.ts";
export type { AdapterOptions } from "./gpu/request.ts";
export { grad } from "./graph/differentiate.ts";
export { tensor } from "./graph/literal.ts";
export { cat, stack, Tensor } from "./graph/tensor.ts";
export { where } from "./graph/where.ts";
export {
  type Checkpoint,
  type CheckpointSource,
  type CheckpointTarget,
  type HasStateDict,
  type LoadedCheckpoint,
  loadCheckpoint,
  saveCheckpoint,
} from "./io/checkpoint.ts";
export type { CheckpointGroup, CheckpointOptimizer, CheckpointSlots } from "./io/checkpoint-optimizer.ts";
export type { Json } from "./io/json.ts";
export { loadSafetensors, saveSafetensors } from "./io/safetensors.ts";
export {
  type CheckpointStore,
  type CheckpointStoreOptions,
  openCheckpointStore,
  type StoredCheckpoint,
} from "./io/storage.ts";
export * as nn from "./nn/index.ts";
export type { VersionPins } from "./ops/op.ts";
export * as optim from "./optim/index.ts";
export type { AccumulateOptions, RunOptions } from "./plan/accumulate-options.ts";
export { defaultGenerator, Generator, manualSeed, rand, randn } from "./random.ts";
export type { CompileOptions } from "./run/compile-options.ts";
export type { CompileInputs, InputTensors, InputValue } from "./run/inputs.ts";
export type { DispatchTime, KernelTime, Profile } from "./run/profile.ts";
export type { ProgramMemory } from "./run/program-memory.ts";
export type { Result } from "./run/result.ts";
export type { CompiledStep } from "./run/step.ts";
export type { StepRandomState } from "./run/step-random.ts";
export type { NDArray, Shape } from "./shape.ts";
export * from "./stream/index.ts";
export * from "./train/index.ts";
