// Activations accurate to a few roundings everywhere. A driver's own tanh may lose digits near zero (SwiftShader's is 0.3 % off at
// 2e-5) or return NaN for large arguments. Beyond the clamped arguments the float32 result no longer changes.

fn sigmoid(x: f32) -> f32 { return 1.0 / (1.0 + exp(-clamp(x, -80.0, 80.0))); }

fn safeTanh(x: f32) -> f32 {
  let square = x * x;
  // Series up to x⁹; the next term is under 1e-8 of the sum.
  let series = x * (1.0 + square * (-1.0 / 3.0 + square * (2.0 / 15.0 + square * (-17.0 / 315.0 + square * (62.0 / 2835.0)))));
  let decayed = exp(-2.0 * min(abs(x), 15.0));
  return select(sign(x) * (1.0 - decayed) / (1.0 + decayed), series, square < 0.0625);
}
