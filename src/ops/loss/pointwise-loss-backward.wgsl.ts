export { default as activations } from "../../../shaders/lib/activations.wgsl?raw";
export { default as exp_log } from "../../../shaders/lib/exp_log.wgsl?raw";
export { default as special_values } from "../../../shaders/lib/special_values.wgsl?raw";
export { default as log1p } from "../../../shaders/loss/lib/log1p.wgsl?raw";
export { default as pointwise_loss } from "../../../shaders/loss/lib/pointwise_loss.wgsl?raw";
export { default as pointwise_loss_backward } from "../../../shaders/loss/pointwise_loss_backward.wgsl?raw";
