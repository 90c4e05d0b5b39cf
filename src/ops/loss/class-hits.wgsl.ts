export { default as class_hits } from "../../../shaders/loss/class_hits.wgsl?raw";
export { default as class_index } from "../../../shaders/loss/lib/class_index.wgsl?raw";
export { default as not_a_number } from "../../../shaders/loss/lib/not_a_number.wgsl?raw";
