export { default as halve } from "../../../shaders/update/halve.wgsl?raw";
