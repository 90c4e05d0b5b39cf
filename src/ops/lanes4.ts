import type { AdapterFacts } from "../gpu/adapter-facts.ts";

/** Whether an adapter's subgroups have four lanes, as gemm_lanes4 and the sequence4 kernels want: SwiftShader's have. */
export function hasLanes4({ subgroupSize }: AdapterFacts): boolean {
  return subgroupSize === 4;
}
