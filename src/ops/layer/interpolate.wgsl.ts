export { default as interpolate_backward } from "../../../shaders/layer/interpolate_backward.wgsl?raw";
export { default as interpolate_forward } from "../../../shaders/layer/interpolate_forward.wgsl?raw";
