export { default as log1p } from "../../../shaders/lib/log1p.wgsl?raw";
export { default as random } from "../../../shaders/lib/random.wgsl?raw";
export { default as row_index } from "../../../shaders/lib/row_index.wgsl?raw";
export { default as gather } from "../../../shaders/tensor/gather.wgsl?raw";
export { default as gather_backward } from "../../../shaders/tensor/gather_backward.wgsl?raw";
export { default as multinomial } from "../../../shaders/tensor/multinomial.wgsl?raw";
export { default as one_hot } from "../../../shaders/tensor/one_hot.wgsl?raw";
