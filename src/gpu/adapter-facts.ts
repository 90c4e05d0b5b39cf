/**
 * What planning needs to know of an adapter. Measured when a device is requested, or given, so that a run is planned
 * the same way again.
 */
export interface AdapterFacts {
  /** Rate of float32 multiply-adds in registers, in 10⁹ operations a second (a multiply-add counts 2). */
  readonly gflops: number;
  /** Time of one `workgroupBarrier` of 256 invocations that keep 16 values each, in µs. */
  readonly barrierMicros: number;
  /** Time of one small dispatch in a compute pass, in µs. */
  readonly dispatchMicros: number;
  /** Rate of loads from storage buffers of 1 MiB, in 10⁹ float32 values a second. */
  readonly gloads: number;
  /** Workgroups of 64 invocations that have to run at once for the adapter to reach its rates; about. */
  readonly workgroups: number;
  /** Lanes of a subgroup where the device offers subgroups and all have the same size; else 0. */
  readonly subgroupSize: number;
  /** Whether the adapter is a CPU (SwiftShader, lavapipe, WARP): its compiler spills sums to memory, which predictions count. */
  readonly software: boolean;
  /** Kernel versions that turned out the fastest when they were timed, by what for; see `calibrate` of `Device.request`. */
  readonly versions?: Readonly<Record<string, string>>;
  /** Kernel versions that computed wrong numbers when they were compared with the plain one, by what for: used where they are pinned alone. */
  readonly wrong?: Readonly<Record<string, readonly string[]>>;
}

/** What is found out of kernel versions on an adapter. */
export interface Verdicts {
  readonly versions: Record<string, string>;
  readonly wrong: Record<string, readonly string[]>;
}

/** An adapter's facts as this page knows them; the verdicts grow as versions are compared and timed. */
export type KnownFacts = AdapterFacts & Verdicts;

/** What is kept of an adapter, here and in the browser's storage. All devices of an adapter share it. */
export interface Known {
  facts?: KnownFacts;
  /** The ways of planning by which it has passed a self test. */
  passed?: readonly string[];
}
