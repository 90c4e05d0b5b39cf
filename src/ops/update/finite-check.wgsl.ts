export { default as finite } from "../../../shaders/lib/finite.wgsl?raw";
export { default as finite_check } from "../../../shaders/update/finite_check.wgsl?raw";
