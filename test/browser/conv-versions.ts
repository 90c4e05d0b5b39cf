import type { VersionPins } from "webgpu-lstm";

/** The versions of a convolution's products: pins of matrix products count for them. */
export const convVersions = [
  { gemm: "register" },
  { gemm: "rows" },
  { gemm: "lanes4" },
] as const satisfies readonly VersionPins[];
