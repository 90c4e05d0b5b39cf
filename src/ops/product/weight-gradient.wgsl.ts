export { default as sum_slices } from "../../../shaders/product/sum_slices.wgsl?raw";
