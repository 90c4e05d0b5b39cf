export { default as measure_barrier } from "../../shaders/measure/measure_barrier.wgsl?raw";
export { default as measure_fma } from "../../shaders/measure/measure_fma.wgsl?raw";
export { default as measure_loads } from "../../shaders/measure/measure_loads.wgsl?raw";
