// An element of the gradient, clipped by the factor that gradient_norm_total leaves where the update is to do that. A zero stays
// zero whatever the factor, so that the padding between parameters stays padding when the factor is NaN.
// Uses the bindings gradient and factor of the updates.
fn clippedGradient(at: u32) -> f32 {
  let g = gradient[at];
  if (params.clipped == 0u || (bitcast<u32>(g) & 0x7fffffffu) == 0u) { return g; }
  return factor[0] * g;
}
