export { default as activations } from "../../../shaders/lib/activations.wgsl?raw";
export { default as lanes4_product } from "../../../shaders/lib/lanes4_product.wgsl?raw";
export { default as lanes4_sum } from "../../../shaders/lib/lanes4_sum.wgsl?raw";
export { default as gru_sequence4_backward } from "../../../shaders/recurrent/gru_sequence4_backward.wgsl?raw";
export { default as gru_sequence4_forward } from "../../../shaders/recurrent/gru_sequence4_forward.wgsl?raw";
export { default as sequence4_backward } from "../../../shaders/recurrent/lib/sequence4_backward.wgsl?raw";
export { default as sequence4_forward } from "../../../shaders/recurrent/lib/sequence4_forward.wgsl?raw";
