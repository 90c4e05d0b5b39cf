// An element of the gradient times gradient_norm_total's factor, if the update does the clipping. Reads the bindings gradient and
// factor, and params.clipped.
fn clippedGradient(at: u32) -> f32 {
  if (params.clipped == 0u) { return gradient[at]; }
  return factor[0] * gradient[at];
}
