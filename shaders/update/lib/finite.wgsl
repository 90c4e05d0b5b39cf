// Whether a value is neither NaN nor infinite, by its bits: compilers may assume that arithmetic meets neither.
fn isFinite(value: f32) -> bool {
  return (bitcast<u32>(value) & 0x7f800000u) != 0x7f800000u;
}
