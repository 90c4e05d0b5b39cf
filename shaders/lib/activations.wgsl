// Activations accurate to a few roundings everywhere, of every float32: NaN stays NaN, and infinities give the limits. A driver's own tanh
// may lose digits near zero (SwiftShader's is 0.3 % off at 2e-5) or return NaN for large arguments, and its exp of NaN may be a number.
// uses: lib/special_values (isNotANumber)

fn sigmoid(x: f32) -> f32 { return select(1.0 / (1.0 + exp(-x)), x, isNotANumber(x)); }

fn safeTanh(x: f32) -> f32 {
  let square = x * x;
  // Series up to x⁹; the next term is under 1e-8 of the sum.
  let series = x * (1.0 + square * (-1.0 / 3.0 + square * (2.0 / 15.0 + square * (-17.0 / 315.0 + square * (62.0 / 2835.0)))));
  let bits = bitcast<u32>(x);
  let size = bits & 0x7fffffffu;
  let decayed = exp(-2.0 * bitcast<f32>(size));
  let far = bitcast<f32>(bitcast<u32>((1.0 - decayed) / (1.0 + decayed)) | (bits & 0x80000000u));
  // The series below 1/4 and for NaN. One comparison tells them from the rest, as signed integers: 1/4 to ∞ are moved to the top.
  return select(far, series, bitcast<i32>(size + 0x007fffffu) < 0x3effffff);
}

// max(x, 0). As signed integers the bits of -∞ to -0 are the smallest.
fn relu(x: f32) -> f32 { return select(x, 0.0, bitcast<i32>(x) <= -0x00800000); }
