export { default as activations } from "../../../shaders/lib/activations.wgsl?raw";
export { default as exp_log } from "../../../shaders/lib/exp_log.wgsl?raw";
export { default as special_values } from "../../../shaders/lib/special_values.wgsl?raw";
export { default as activation_backward } from "../../../shaders/tensor/activation_backward.wgsl?raw";
export { default as activation_forward } from "../../../shaders/tensor/activation_forward.wgsl?raw";
export { default as binary } from "../../../shaders/tensor/binary.wgsl?raw";
export { default as softmax_backward } from "../../../shaders/tensor/softmax_backward.wgsl?raw";
export { default as softmax_forward } from "../../../shaders/tensor/softmax_forward.wgsl?raw";
