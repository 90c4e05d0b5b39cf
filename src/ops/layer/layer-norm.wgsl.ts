export { default as layer_norm_backward } from "../../../shaders/layer/layer_norm_backward.wgsl?raw";
export { default as layer_norm_forward } from "../../../shaders/layer/layer_norm_forward.wgsl?raw";
export { default as layer_statistics } from "../../../shaders/layer/lib/layer_statistics.wgsl?raw";
export { default as finite } from "../../../shaders/lib/finite.wgsl?raw";
export { default as not_a_number } from "../../../shaders/lib/not_a_number.wgsl?raw";
