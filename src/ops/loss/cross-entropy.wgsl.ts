export { default as exp_log } from "../../../shaders/lib/exp_log.wgsl?raw";
export { default as finite } from "../../../shaders/lib/finite.wgsl?raw";
export { default as log1p } from "../../../shaders/lib/log1p.wgsl?raw";
export { default as not_a_number } from "../../../shaders/lib/not_a_number.wgsl?raw";
export { default as row_index } from "../../../shaders/lib/row_index.wgsl?raw";
export { default as cross_entropy_backward } from "../../../shaders/loss/cross_entropy_backward.wgsl?raw";
export { default as cross_entropy_forward } from "../../../shaders/loss/cross_entropy_forward.wgsl?raw";
export { default as cross_entropy_weights } from "../../../shaders/loss/cross_entropy_weights.wgsl?raw";
