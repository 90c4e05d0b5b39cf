export { default as activations } from "../../../shaders/lib/activations.wgsl?raw";
export { default as gru_gates } from "../../../shaders/recurrent/gru_gates.wgsl?raw";
export { default as sequence_lengths } from "../../../shaders/recurrent/lib/sequence_lengths.wgsl?raw";
