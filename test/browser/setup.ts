/**
 * Runs before every browser test file. A missing adapter fails the file; no GPU test is skipped for lack of one.
 */
if (!navigator.gpu) {
  throw new Error(
    "these tests need WebGPU, and this page has no navigator.gpu: see tools/browser.ts for the flags",
  );
}
const adapter = await navigator.gpu.requestAdapter();
if (!adapter) {
  throw new Error("these tests need a WebGPU adapter, and requestAdapter() gave none: see tools/browser.ts");
}

export {};
