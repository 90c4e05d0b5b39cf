// NaN, the result for an invalid index; made from bits, because WGSL has no literal for it.
fn notANumber() -> f32 {
  let bits = 0x7fc00000u;
  return bitcast<f32>(bits);
}
