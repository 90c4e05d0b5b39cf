// Whether a value is no NaN and no infinity, by its bits: compilers may assume that arithmetic meets neither.
fn isFinite(value: f32) -> bool {
  return (bitcast<u32>(value) & 0x7f800000u) != 0x7f800000u;
}
