// NaN, a kernel's answer to an index it cannot follow; by its bits, since WGSL has no literal for it.
fn notANumber() -> f32 {
  let bits = 0x7fc00000u;
  return bitcast<f32>(bits);
}
