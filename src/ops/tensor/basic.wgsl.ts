export { default as add } from "../../../shaders/tensor/add.wgsl?raw";
export { default as affine } from "../../../shaders/tensor/affine.wgsl?raw";
export { default as copy_strided } from "../../../shaders/tensor/copy_strided.wgsl?raw";
export { default as fill } from "../../../shaders/tensor/fill.wgsl?raw";
export { default as reduce_sum } from "../../../shaders/tensor/reduce_sum.wgsl?raw";
export { default as sum_axis } from "../../../shaders/tensor/sum_axis.wgsl?raw";
