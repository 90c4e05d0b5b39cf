export { default as activations } from "../../../shaders/lib/activations.wgsl?raw";
export { default as log1p } from "../../../shaders/lib/log1p.wgsl?raw";
export { default as not_a_number } from "../../../shaders/lib/not_a_number.wgsl?raw";
export { default as pointwise_loss } from "../../../shaders/loss/lib/pointwise_loss.wgsl?raw";
export { default as pointwise_loss_backward } from "../../../shaders/loss/pointwise_loss_backward.wgsl?raw";
