export { default as lbfgs_direction } from "../../../shaders/update/lbfgs_direction.wgsl?raw";
export { default as lbfgs_measure } from "../../../shaders/update/lbfgs_measure.wgsl?raw";
export { default as lbfgs_move } from "../../../shaders/update/lbfgs_move.wgsl?raw";
export { default as lbfgs_pair } from "../../../shaders/update/lbfgs_pair.wgsl?raw";
export { default as workgroup_fold } from "../../../shaders/update/lib/workgroup_fold.wgsl?raw";
