export { default as finite } from "../../../shaders/lib/finite.wgsl?raw";
export { default as buffer_assign } from "../../../shaders/update/buffer_assign.wgsl?raw";
export { default as guard } from "../../../shaders/update/lib/guard.wgsl?raw";
