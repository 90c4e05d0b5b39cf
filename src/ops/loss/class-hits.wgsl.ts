export { default as not_a_number } from "../../../shaders/lib/not_a_number.wgsl?raw";
export { default as row_index } from "../../../shaders/lib/row_index.wgsl?raw";
export { default as class_hits } from "../../../shaders/loss/class_hits.wgsl?raw";
