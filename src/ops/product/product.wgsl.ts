export { default as gemm_register } from "../../../shaders/product/gemm_register.wgsl?raw";
export { default as gemm_shared } from "../../../shaders/product/gemm_shared.wgsl?raw";
export { default as gemm_store } from "../../../shaders/product/lib/gemm_store.wgsl?raw";
