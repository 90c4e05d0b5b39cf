// numerator / denominator, and 0 for 0 / 0: with eps = 0 an element that never had a gradient stays where it is. So does the padding
// between parameters and in the slots that a GRU's weights do not have, which products read.
fn quotient(numerator: f32, denominator: f32) -> f32 {
  return select(numerator / denominator, 0.0, numerator == 0.0);
}
