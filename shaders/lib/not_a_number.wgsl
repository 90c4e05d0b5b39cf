// NaN by its bits. WGSL lets an implementation assume that there is none: comparisons, min, max and clamp may then answer anything.

fn isNotANumber(x: f32) -> bool { return (bitcast<i32>(x) & 0x7fffffff) > 0x7f800000; }

// Made from bits, because WGSL has no literal for it.
fn notANumber() -> f32 {
  let bits = 0x7fc00000u;
  return bitcast<f32>(bits);
}
