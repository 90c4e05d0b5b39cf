export { default as finite } from "../../../shaders/lib/finite.wgsl?raw";
export { default as lbfgs_gradient } from "../../../shaders/update/lbfgs_gradient.wgsl?raw";
export { default as decayed_gradient } from "../../../shaders/update/lib/decayed_gradient.wgsl?raw";
export { default as guard } from "../../../shaders/update/lib/guard.wgsl?raw";
