export { default as activations } from "../../../shaders/lib/activations.wgsl?raw";
export { default as lstm_cell } from "../../../shaders/recurrent/lib/lstm_cell.wgsl?raw";
export { default as lstm_update_forward } from "../../../shaders/recurrent/lib/lstm_update_forward.wgsl?raw";
export { default as recurrent_product_forward } from "../../../shaders/recurrent/lib/recurrent_product_forward.wgsl?raw";
export { default as sequence_lengths } from "../../../shaders/recurrent/lib/sequence_lengths.wgsl?raw";
export { default as lstm_cell_forward } from "../../../shaders/recurrent/lstm_cell_forward.wgsl?raw";
export { default as lstm_step_forward } from "../../../shaders/recurrent/lstm_step_forward.wgsl?raw";
