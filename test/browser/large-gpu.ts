import type { AdapterFacts } from "webgpu-lstm";

/** Facts with which version `sequence` divides its work as a GPU does: slices of the depth, weights in registers; on any adapter. */
export const LARGE_GPU: AdapterFacts = {
  gflops: 20_000,
  gloads: 1500,
  barrierMicros: 0.05,
  dispatchMicros: 3,
  workgroups: 500,
  subgroupSize: 0,
  software: false,
};
