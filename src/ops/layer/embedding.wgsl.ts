export { default as embedding_forward } from "../../../shaders/layer/embedding_forward.wgsl?raw";
export { default as row_index } from "../../../shaders/lib/row_index.wgsl?raw";
