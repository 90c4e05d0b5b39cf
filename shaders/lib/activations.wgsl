// Activations accurate to a few roundings everywhere, of every float32: NaN stays NaN, and infinities give the limits. A driver's own tanh
// may lose digits near zero (SwiftShader's is 0.3 % off at 2e-5) or return NaN for large arguments, and its exp of NaN may be a number.

fn sigmoid(x: f32) -> f32 {
  let size = bitcast<i32>(x) & 0x7fffffff;
  return select(1.0 / (1.0 + exp(-x)), x, size > 0x7f800000);
}

fn safeTanh(x: f32) -> f32 {
  let square = x * x;
  // Series up to x⁹; the next term is under 1e-8 of the sum.
  let series = x * (1.0 + square * (-1.0 / 3.0 + square * (2.0 / 15.0 + square * (-17.0 / 315.0 + square * (62.0 / 2835.0)))));
  let decayed = exp(-2.0 * abs(x));
  let far = sign(x) * (1.0 - decayed) / (1.0 + decayed);
  let size = bitcast<i32>(x) & 0x7fffffff;
  // The series below 1/4 and for NaN. One comparison tells them from the rest, as 1/4 to ∞ are moved to the top of the signed integers.
  return select(far, series, size + 0x007fffff < 0x3effffff);
}
