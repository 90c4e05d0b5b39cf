export { default as matmul_batched } from "../../../shaders/product/matmul_batched.wgsl?raw";
