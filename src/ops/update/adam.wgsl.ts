export { default as special_values } from "../../../shaders/lib/special_values.wgsl?raw";
export { default as adam } from "../../../shaders/update/adam.wgsl?raw";
export { default as clipped_gradient } from "../../../shaders/update/lib/clipped_gradient.wgsl?raw";
export { default as guard } from "../../../shaders/update/lib/guard.wgsl?raw";
export { default as quotient } from "../../../shaders/update/lib/quotient.wgsl?raw";
