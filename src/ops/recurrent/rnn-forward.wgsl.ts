export { default as activations } from "../../../shaders/lib/activations.wgsl?raw";
export { default as relu } from "../../../shaders/lib/relu.wgsl?raw";
export { default as rnn_update_forward } from "../../../shaders/recurrent/lib/rnn_update_forward.wgsl?raw";
export { default as sequence_lengths } from "../../../shaders/recurrent/lib/sequence_lengths.wgsl?raw";
export { default as rnn_cell_forward } from "../../../shaders/recurrent/rnn_cell_forward.wgsl?raw";
export { default as rnn_step_forward } from "../../../shaders/recurrent/rnn_step_forward.wgsl?raw";
