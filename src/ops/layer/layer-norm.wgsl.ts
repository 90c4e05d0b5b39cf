export { default as layer_norm_backward } from "../../../shaders/layer/layer_norm_backward.wgsl?raw";
export { default as layer_norm_forward } from "../../../shaders/layer/layer_norm_forward.wgsl?raw";
export { default as layer_statistics } from "../../../shaders/layer/lib/layer_statistics.wgsl?raw";
export { default as special_values } from "../../../shaders/lib/special_values.wgsl?raw";
