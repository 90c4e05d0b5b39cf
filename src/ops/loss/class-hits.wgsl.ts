export { default as row_index } from "../../../shaders/lib/row_index.wgsl?raw";
export { default as special_values } from "../../../shaders/lib/special_values.wgsl?raw";
export { default as class_hits } from "../../../shaders/loss/class_hits.wgsl?raw";
