/** Why there is no device, and what to do. Loads on demand. */

/** @param insecure Whether the page is why. */
export const unavailable = (insecure: boolean) =>
  insecure
    ? "Device.request: WebGPU is only offered on secure pages; serve this page over https or from localhost"
    : "Device.request: this runtime has no WebGPU (navigator.gpu is missing); use a current Chrome, Edge, Safari or " +
      "Firefox, or in Node openDevice() of webgpu-lstm/node";

/** @param given Whether the entry to WebGPU was given. */
export const noAdapter = (given: boolean) =>
  "Device.request: WebGPU is here but offers no adapter; update the graphics driver, " +
  (given
    ? "or in Node use openDevice() of webgpu-lstm/node, which also finds software adapters"
    : "turn on hardware acceleration in the browser's settings, or look at chrome://gpu for what blocks it");

export const noDevice = (reason: string) =>
  `Device.request: the adapter gave no device: ${reason}; close other GPU-heavy pages and try again`;

export const noGpuDevice = (given: string) =>
  `Device.from: expected a GPUDevice, got ${given}; pass what adapter.requestDevice() gave`;
