export { default as average_pool_backward } from "../../../shaders/layer/average_pool_backward.wgsl?raw";
export { default as average_pool_forward } from "../../../shaders/layer/average_pool_forward.wgsl?raw";
export { default as average_window } from "../../../shaders/layer/lib/average_window.wgsl?raw";
export { default as max_pool_backward } from "../../../shaders/layer/max_pool_backward.wgsl?raw";
export { default as max_pool_forward } from "../../../shaders/layer/max_pool_forward.wgsl?raw";
export { default as not_a_number } from "../../../shaders/lib/not_a_number.wgsl?raw";
