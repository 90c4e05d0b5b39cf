export { default as sequence_lengths } from "../../../shaders/recurrent/lib/sequence_lengths.wgsl?raw";
export { default as lstm_projection_backward } from "../../../shaders/recurrent/lstm_projection_backward.wgsl?raw";
