export { default as gemm_rows } from "../../../shaders/product/gemm_rows.wgsl?raw";
export { default as gemm_store } from "../../../shaders/product/lib/gemm_store.wgsl?raw";
