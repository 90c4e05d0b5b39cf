export { default as batch_norm_running } from "../../../shaders/layer/batch_norm_running.wgsl?raw";
export { default as workgroup_sum } from "../../../shaders/layer/lib/workgroup_sum.wgsl?raw";
export { default as norm_backward } from "../../../shaders/layer/norm_backward.wgsl?raw";
export { default as norm_forward } from "../../../shaders/layer/norm_forward.wgsl?raw";
export { default as norm_statistics } from "../../../shaders/layer/norm_statistics.wgsl?raw";
export { default as norm_sums } from "../../../shaders/layer/norm_sums.wgsl?raw";
export { default as finite } from "../../../shaders/lib/finite.wgsl?raw";
export { default as not_a_number } from "../../../shaders/lib/not_a_number.wgsl?raw";
