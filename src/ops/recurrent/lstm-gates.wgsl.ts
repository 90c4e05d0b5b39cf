export { default as activations } from "../../../shaders/lib/activations.wgsl?raw";
export { default as lstm_cell } from "../../../shaders/recurrent/lib/lstm_cell.wgsl?raw";
export { default as sequence_lengths } from "../../../shaders/recurrent/lib/sequence_lengths.wgsl?raw";
export { default as lstm_gates } from "../../../shaders/recurrent/lstm_gates.wgsl?raw";
