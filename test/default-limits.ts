import type { DeviceLimits } from "../src/gpu/limits.ts";

/** What WebGPU gives every device. */
export const defaultLimits: DeviceLimits = { maxGrid: 65_535, maxInvocations: 256, maxStorage: 2 ** 27 };
