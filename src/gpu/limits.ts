/** A device's limits that planning needs. */
export interface DeviceLimits {
  /** Maximum number of workgroups along one axis of a grid. */
  readonly maxGrid: number;
  /** Maximum number of invocations of a workgroup. */
  readonly maxInvocations: number;
  /** Bytes of the largest storage buffer. */
  readonly maxStorage: number;
}

/** Where an index is a u32, a storage buffer has at most this many bytes of float32 values. */
const INDEXED_BYTES = 2 ** 34;

export function limitsOf({ limits }: Pick<GPUDevice, "limits">): DeviceLimits {
  return {
    maxGrid: limits.maxComputeWorkgroupsPerDimension,
    maxInvocations: Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX),
    maxStorage: Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize, INDEXED_BYTES),
  };
}
