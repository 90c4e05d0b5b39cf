// Activations, within a few roundings of the exact values everywhere. Drivers' own tanh loses its digits near zero (SwiftShader's is
// 0.3 % off at 2e-5) or returns NaN far from it. Beyond the clamped arguments float32 has nothing left to say.

fn sigmoid(x: f32) -> f32 { return 1.0 / (1.0 + exp(-clamp(x, -80.0, 80.0))); }

fn safeTanh(x: f32) -> f32 {
  let square = x * x;
  // The series up to x⁹; the next term is under 1e-8 of the sum.
  let series = x * (1.0 + square * (-1.0 / 3.0 + square * (2.0 / 15.0 + square * (-17.0 / 315.0 + square * (62.0 / 2835.0)))));
  let decayed = exp(-2.0 * min(abs(x), 15.0));
  return select(sign(x) * (1.0 - decayed) / (1.0 + decayed), series, square < 0.0625);
}
