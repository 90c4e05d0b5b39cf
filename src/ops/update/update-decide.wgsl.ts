export { default as finite } from "../../../shaders/lib/finite.wgsl?raw";
export { default as state_keep } from "../../../shaders/update/state_keep.wgsl?raw";
export { default as update_decide } from "../../../shaders/update/update_decide.wgsl?raw";
