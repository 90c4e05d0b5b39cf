export { default as pad_backward } from "../../../shaders/tensor/pad_backward.wgsl?raw";
export { default as pad_forward } from "../../../shaders/tensor/pad_forward.wgsl?raw";
