// The order of float32 values as integers, where -0 is 0 and NaN has no place. Comparisons of NaN itself may be folded by a compiler.
fn orderOf(x: f32) -> i32 {
  let bits = bitcast<i32>(x);
  let size = bits & 0x7fffffff;
  return select(size, -size, bits < 0);
}
