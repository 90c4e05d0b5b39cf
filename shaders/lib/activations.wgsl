// Activations. Beyond the clamped arguments float32 has nothing left to say; some drivers' tanh and exp return NaN or infinity
// there.

fn sigmoid(x: f32) -> f32 { return 1.0 / (1.0 + exp(-clamp(x, -80.0, 80.0))); }
fn safeTanh(x: f32) -> f32 { return tanh(clamp(x, -15.0, 15.0)); }
