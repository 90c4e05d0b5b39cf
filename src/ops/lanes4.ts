import type { AdapterFacts } from "../gpu/adapter-facts.ts";

/** Subgroup size of the adapters that gemm_lanes4 and the sequence4 kernels are written for: software adapters such as SwiftShader. */
export const LANES4 = 4;

/** Whether an adapter's subgroups have four lanes. */
export function hasLanes4({ subgroupSize }: AdapterFacts): boolean {
  return subgroupSize === LANES4;
}
