import { train } from "./train.js";

console.log(await train());
// wgpu's devices keep the process alive.
Deno.exit(0);
