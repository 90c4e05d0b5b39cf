export { default as rnn_update_backward } from "../../../shaders/recurrent/lib/rnn_update_backward.wgsl?raw";
export { default as sequence_lengths } from "../../../shaders/recurrent/lib/sequence_lengths.wgsl?raw";
export { default as rnn_cell_backward } from "../../../shaders/recurrent/rnn_cell_backward.wgsl?raw";
export { default as rnn_step_backward } from "../../../shaders/recurrent/rnn_step_backward.wgsl?raw";
