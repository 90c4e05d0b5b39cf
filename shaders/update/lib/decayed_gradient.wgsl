// sign·factor·gradient + weightDecay·p: the gradient of an update, times gradient_norm_total's factor if the update does the clipping. Without
// weight decay p is no part of it: infinity times 0 is NaN. Reads the bindings gradient and factor, and params.clipped, sign and weightDecay.
fn decayedGradient(at: u32, p: f32) -> f32 {
  var g = params.sign * gradient[at];
  if (params.clipped != 0u) { g *= factor[0]; }
  return select(g + params.weightDecay * p, g, params.weightDecay == 0.0);
}
