export { default as activations } from "../../../shaders/lib/activations.wgsl?raw";
export { default as lstm_cell } from "../../../shaders/recurrent/lib/lstm_cell.wgsl?raw";
export { default as sequence_backward } from "../../../shaders/recurrent/lib/sequence_backward.wgsl?raw";
export { default as sequence_forward } from "../../../shaders/recurrent/lib/sequence_forward.wgsl?raw";
export { default as lstm_sequence_backward } from "../../../shaders/recurrent/lstm_sequence_backward.wgsl?raw";
export { default as lstm_sequence_forward } from "../../../shaders/recurrent/lstm_sequence_forward.wgsl?raw";
export { default as transpose_weight } from "../../../shaders/recurrent/transpose_weight.wgsl?raw";
