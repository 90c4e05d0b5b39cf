export { default as special_values } from "../../../shaders/lib/special_values.wgsl?raw";
export { default as finite_check } from "../../../shaders/update/finite_check.wgsl?raw";
