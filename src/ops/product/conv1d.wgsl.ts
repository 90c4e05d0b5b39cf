export { default as conv1d_product } from "../../../shaders/product/conv1d_product.wgsl?raw";
export { default as conv1d_split } from "../../../shaders/product/conv1d_split.wgsl?raw";
export { default as conv1d_weight } from "../../../shaders/product/conv1d_weight.wgsl?raw";
export { default as conv1d_places } from "../../../shaders/product/lib/conv1d_places.wgsl?raw";
