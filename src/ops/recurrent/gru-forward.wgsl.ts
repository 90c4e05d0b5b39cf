export { default as activations } from "../../../shaders/lib/activations.wgsl?raw";
export { default as gru_cell_forward } from "../../../shaders/recurrent/gru_cell_forward.wgsl?raw";
export { default as gru_step_forward } from "../../../shaders/recurrent/gru_step_forward.wgsl?raw";
export { default as gru_update_forward } from "../../../shaders/recurrent/lib/gru_update_forward.wgsl?raw";
export { default as recurrent_product_forward } from "../../../shaders/recurrent/lib/recurrent_product_forward.wgsl?raw";
export { default as sequence_lengths } from "../../../shaders/recurrent/lib/sequence_lengths.wgsl?raw";
