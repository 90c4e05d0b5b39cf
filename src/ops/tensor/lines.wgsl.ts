export { default as not_a_number } from "../../../shaders/lib/not_a_number.wgsl?raw";
export { default as cumsum } from "../../../shaders/tensor/cumsum.wgsl?raw";
export { default as extreme } from "../../../shaders/tensor/extreme.wgsl?raw";
export { default as extreme_backward } from "../../../shaders/tensor/extreme_backward.wgsl?raw";
export { default as order } from "../../../shaders/tensor/lib/order.wgsl?raw";
export { default as prod } from "../../../shaders/tensor/prod.wgsl?raw";
export { default as prod_backward } from "../../../shaders/tensor/prod_backward.wgsl?raw";
export { default as topk } from "../../../shaders/tensor/topk.wgsl?raw";
