/** Files of `test/browser` that hold the most numbers for their time, the most telling first. */
export const quickFiles: readonly string[] = [
  "quickstart.test.ts",
  "gemm.test.ts",
  "cell-goldens.test.ts",
  "packed-sequences.test.ts",
  "loss-goldens.test.ts",
  "tensor-ops-goldens.test.ts",
  "training-runs.test.ts",
  "stream.test.ts",
  "special-values.test.ts",
  "gpu-errors.test.ts",
  "fit-accumulation.test.ts",
  "lbfgs-failures.test.ts",
];
