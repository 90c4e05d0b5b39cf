export { default as dropout } from "../../../shaders/layer/dropout.wgsl?raw";
export { default as random } from "../../../shaders/lib/random.wgsl?raw";
