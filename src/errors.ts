/**
 * Every error that this library throws on purpose. A message reads `Where.call: what was expected, what was given; what to do`.
 * The class says what kind of mistake it is, so that a page can tell "this browser has no WebGPU" from "this window is longer
 * than the series".
 */

/** Base class: `catch (e) { if (e instanceof WebGpuLstmError) … }` catches everything the library throws on purpose. */
export class WebGpuLstmError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A tensor, array or state has the wrong rank or size. */
export class ShapeError extends WebGpuLstmError {}

/** An option is unknown, of the wrong type or outside its range. */
export class OptionError extends WebGpuLstmError {}

/** Data that cannot be used: empty, not finite, unreadable, too short. */
export class DataError extends WebGpuLstmError {}

/** A traced function does something that a graph does not allow (two losses, a loss that is not a scalar, …). */
export class GraphError extends WebGpuLstmError {}

/** A state dict with a missing, an extra or a misshaped key. */
export class StateDictError extends WebGpuLstmError {}

/** Where and why a training run has diverged. */
export interface Divergence {
  /** The epoch and its batch, both from 1, with the first loss or gradient that is not finite. */
  readonly epoch: number;
  readonly batch: number;
  /** The batch's loss. */
  readonly loss: number;
  /** What is not finite besides the loss, such as `"gradient of fc.weight"` or `"parameter fc.weight"`; `null` for nothing. */
  readonly tensor: string | null;
}

/** A training run has met a loss, a gradient or a parameter that is NaN or infinite. */
export class DivergedError extends WebGpuLstmError implements Divergence {
  readonly epoch: number;
  readonly batch: number;
  readonly loss: number;
  readonly tensor: string | null;

  constructor(message: string, { epoch, batch, loss, tensor, ...options }: Divergence & ErrorOptions) {
    super(message, options);
    this.epoch = epoch;
    this.batch = batch;
    this.loss = loss;
    this.tensor = tensor;
  }
}

/** What made the first NaN or infinity of a run. */
export interface Anomaly {
  /** The op, such as `"log"` or `"lstm"`; the update's kernel; or `"input"` or `"parameter"` for what was given so. */
  readonly op: string;
  readonly direction: "forward" | "backward" | "update";
  /** What is not finite: `"output"`, `"gradient of parameter fc.weight"`, `"parameter fc.weight"`, … */
  readonly tensor: string;
  /** Its shape. */
  readonly shape: readonly number[];
}

/**
 * A run of a step that was compiled with `detectAnomaly` has made a NaN or an infinity. `cause` is an error that has the stack of the call
 * that recorded the op.
 */
export class AnomalyError extends WebGpuLstmError implements Anomaly {
  declare readonly op: string;
  declare readonly direction: Anomaly["direction"];
  declare readonly tensor: string;
  declare readonly shape: readonly number[];
}

/** An object was used after its `dispose()`. */
export class DisposedError extends WebGpuLstmError {}

/** This runtime has no WebGPU at all (`navigator.gpu` is missing). */
export class WebGpuUnavailableError extends WebGpuLstmError {}

/** WebGPU is there but offers no adapter. */
export class NoAdapterError extends WebGpuLstmError {}

/** The GPU device was lost: a driver reset, an unplugged GPU, or `destroy()`. */
export class DeviceLostError extends WebGpuLstmError {}

/** The GPU refused work: its driver does not take a kernel, a buffer or a submission. */
export class GpuError extends WebGpuLstmError {}

/** The GPU computes wrong numbers: it has failed the self test of `Device.request`. */
export class AdapterFaultError extends WebGpuLstmError {}

/** The GPU has no memory left for a buffer. The message says how much was asked for and what is in use. */
export class OutOfMemoryError extends GpuError {}

/** This runtime does not have the requested kind of storage, or does not give this page access to it. */
export class StorageUnavailableError extends WebGpuLstmError {}

/** The browser gives this page no more storage space. */
export class StorageQuotaError extends WebGpuLstmError {}

/** The training worker could not be started, or has died. */
export class WorkerError extends WebGpuLstmError {}
