// numerator / denominator, and 0 for 0 / 0: with eps = 0, an element that never had a gradient does not change. Neither does the padding
// between parameters and in the unused slots of a GRU's weights, which products read.
fn quotient(numerator: f32, denominator: f32) -> f32 {
  let isZero = ((bitcast<u32>(numerator) | bitcast<u32>(denominator)) & 0x7fffffffu) == 0u;
  return select(numerator / denominator, 0.0, isZero);
}
