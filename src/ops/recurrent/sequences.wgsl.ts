export { default as carry_rows } from "../../../shaders/recurrent/carry_rows.wgsl?raw";
export { default as sequence_lengths } from "../../../shaders/recurrent/lib/sequence_lengths.wgsl?raw";
export { default as mask_steps } from "../../../shaders/recurrent/mask_steps.wgsl?raw";
