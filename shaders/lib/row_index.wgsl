// Whether a float32 value is an index below `count`; false for NaN. Numbers of at least 0 are ordered as their bits are.
fn isIndex(value: f32, count: u32) -> bool {
  let bits = bitcast<u32>(value);
  return (bits < bitcast<u32>(f32(count)) || bits == 0x80000000u) && floor(value) == value;
}
