export { default as finite } from "../../../shaders/lib/finite.wgsl?raw";
export { default as not_a_number } from "../../../shaders/lib/not_a_number.wgsl?raw";
export { default as gradient_accumulate } from "../../../shaders/update/gradient_accumulate.wgsl?raw";
export { default as gradient_average } from "../../../shaders/update/gradient_average.wgsl?raw";
export { default as gradient_clamp } from "../../../shaders/update/gradient_clamp.wgsl?raw";
export { default as gradient_norm } from "../../../shaders/update/gradient_norm.wgsl?raw";
export { default as gradient_norm_total } from "../../../shaders/update/gradient_norm_total.wgsl?raw";
export { default as gradient_scale } from "../../../shaders/update/gradient_scale.wgsl?raw";
