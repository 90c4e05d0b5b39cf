export { default as exp_log } from "../../../shaders/lib/exp_log.wgsl?raw";
export { default as finite } from "../../../shaders/lib/finite.wgsl?raw";
export { default as not_a_number } from "../../../shaders/lib/not_a_number.wgsl?raw";
export { default as row_index } from "../../../shaders/lib/row_index.wgsl?raw";
export { default as ctc_backward } from "../../../shaders/loss/ctc_backward.wgsl?raw";
export { default as ctc_forward } from "../../../shaders/loss/ctc_forward.wgsl?raw";
export { default as ctc_gradient } from "../../../shaders/loss/ctc_gradient.wgsl?raw";
export { default as ctc_states } from "../../../shaders/loss/lib/ctc_states.wgsl?raw";
