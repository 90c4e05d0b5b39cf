// An element of the gradient times gradient_norm_total's factor, if the update does the clipping. A zero stays zero, so the
// padding between parameters stays zero even for a NaN factor. Reads the bindings gradient and factor, and params.clipped.
fn clippedGradient(at: u32) -> f32 {
  let g = gradient[at];
  if (params.clipped == 0u || (bitcast<u32>(g) & 0x7fffffffu) == 0u) { return g; }
  return factor[0] * g;
}
