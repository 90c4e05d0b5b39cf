/**
 * Every error that this library throws on purpose. A message reads `Where.call: what was expected, what was given; what to do`.
 * The class says what kind of mistake it is, so that a page can tell "this browser has no WebGPU" from "this window is longer
 * than the series". Every class spells its name out: a bundler that minifies changes the names of classes, not of fields.
 */

/** Base class: `catch (e) { if (e instanceof WebGpuLstmError) … }` catches everything the library throws on purpose. */
export class WebGpuLstmError extends Error {
  /** The class's name, also in code whose names are shortened. */
  override name = "WebGpuLstmError";
}

/** A tensor, array or state has the wrong rank or size. */
export class ShapeError extends WebGpuLstmError {
  override name = "ShapeError";
}

/** An option is unknown, of the wrong type or outside its range. */
export class OptionError extends WebGpuLstmError {
  override name = "OptionError";
}

/** Data that cannot be used: empty, not finite, unreadable, too short. */
export class DataError extends WebGpuLstmError {
  override name = "DataError";
}

/** A traced function does something that a graph does not allow (two losses, a loss that is not a scalar, …). */
export class GraphError extends WebGpuLstmError {
  override name = "GraphError";
}

/** A state dict with a missing, an extra or a misshaped key. */
export class StateDictError extends WebGpuLstmError {
  override name = "StateDictError";
}

/** Where and why a training run has diverged. */
export interface Divergence {
  /** The epoch and its batch, both from 1, with the first loss or gradient that is not finite. */
  readonly epoch: number;
  /** The batch, counted from 1 in its epoch. */
  readonly batch: number;
  /** The batch's loss. */
  readonly loss: number;
  /** What is not finite besides the loss, such as `"gradient of fc.weight"` or `"parameter fc.weight"`; `null` for nothing. */
  readonly tensor: string | null;
}

/** A training run has met a loss, a gradient or a parameter that is NaN or infinite. */
export class DivergedError extends WebGpuLstmError implements Divergence {
  override name = "DivergedError";
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
  /** Where it came up: in the model, among the gradients, or as the parameters were updated. */
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
  override name = "AnomalyError";
  declare readonly op: string;
  declare readonly direction: Anomaly["direction"];
  declare readonly tensor: string;
  declare readonly shape: readonly number[];
}

/** An object was used after its `dispose()`. */
export class DisposedError extends WebGpuLstmError {
  override name = "DisposedError";
}

/** This runtime has no WebGPU at all (`navigator.gpu` is missing). */
export class WebGpuUnavailableError extends WebGpuLstmError {
  override name = "WebGpuUnavailableError";
}

/** WebGPU is there but offers no adapter. */
export class NoAdapterError extends WebGpuLstmError {
  override name = "NoAdapterError";
}

/** The GPU device was lost: a driver reset, an unplugged GPU, or `destroy()`. */
export class DeviceLostError extends WebGpuLstmError {
  override name = "DeviceLostError";
}

/** The GPU refused work: its driver does not take a kernel, a buffer or a submission. */
export class GpuError extends WebGpuLstmError {
  override name = "GpuError";
}

/** The GPU computes wrong numbers: it has failed the self test of `Device.request`. */
export class AdapterFaultError extends WebGpuLstmError {
  override name = "AdapterFaultError";
}

/** The GPU has no memory left for a buffer. The message says how much was asked for and what is in use. */
export class OutOfMemoryError extends GpuError {
  override name = "OutOfMemoryError";
}

/** This runtime does not have the requested kind of storage, or does not give this page access to it. */
export class StorageUnavailableError extends WebGpuLstmError {
  override name = "StorageUnavailableError";
}

/** The browser gives this page no more storage space. */
export class StorageQuotaError extends WebGpuLstmError {
  override name = "StorageQuotaError";
}

/** The training worker could not be started, or has died. */
export class WorkerError extends WebGpuLstmError {
  override name = "WorkerError";
}
