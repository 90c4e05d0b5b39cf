export { default as gru_cell_backward } from "../../../shaders/recurrent/gru_cell_backward.wgsl?raw";
export { default as gru_step_backward } from "../../../shaders/recurrent/gru_step_backward.wgsl?raw";
export { default as gru_update_backward } from "../../../shaders/recurrent/lib/gru_update_backward.wgsl?raw";
export { default as recurrent_product_backward } from "../../../shaders/recurrent/lib/recurrent_product_backward.wgsl?raw";
export { default as sequence_lengths } from "../../../shaders/recurrent/lib/sequence_lengths.wgsl?raw";
