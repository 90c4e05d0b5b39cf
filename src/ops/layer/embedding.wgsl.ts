export { default as embedding_backward } from "../../../shaders/layer/embedding_backward.wgsl?raw";
export { default as embedding_forward } from "../../../shaders/layer/embedding_forward.wgsl?raw";
