import { globals } from "webgpu";
import { openGpu } from "../../tools/node-device.ts";
import { gpuErrorTests } from "../gpu-errors.ts";

// The tests' own errors of the GPU are made of these; the library needs none.
Object.assign(globalThis, globals);
gpuErrorTests(openGpu);
