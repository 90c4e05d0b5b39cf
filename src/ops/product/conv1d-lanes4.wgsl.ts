export { default as lanes4_product } from "../../../shaders/lib/lanes4_product.wgsl?raw";
export { default as lanes4_sum } from "../../../shaders/lib/lanes4_sum.wgsl?raw";
export { default as not_a_number } from "../../../shaders/lib/not_a_number.wgsl?raw";
export { default as conv1d_lanes4 } from "../../../shaders/product/conv1d_lanes4.wgsl?raw";
export { default as lanes4_store } from "../../../shaders/product/lib/lanes4_store.wgsl?raw";
