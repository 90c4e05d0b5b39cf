// max(x, 0), NaN for NaN. As signed integers the bits of -∞ to -0 are the smallest.
fn relu(x: f32) -> f32 { return select(x, 0.0, bitcast<i32>(x) <= -0x00800000); }
