export { default as embedding_backward } from "../../../shaders/layer/embedding_backward.wgsl?raw";
export { default as embedding_count } from "../../../shaders/layer/embedding_count.wgsl?raw";
export { default as embedding_places } from "../../../shaders/layer/embedding_places.wgsl?raw";
export { default as embedding_reduce } from "../../../shaders/layer/embedding_reduce.wgsl?raw";
export { default as embedding_scatter } from "../../../shaders/layer/embedding_scatter.wgsl?raw";
export { default as embedding_key } from "../../../shaders/layer/lib/embedding_key.wgsl?raw";
export { default as row_index } from "../../../shaders/lib/row_index.wgsl?raw";
