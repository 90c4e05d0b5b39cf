// log(1 + x) for x ≥ 0, accurate for small x: WGSL's log is only accurate to 2^-21 near 1, and 1 + x loses x below 6e-8.
//
// With s = x / (2 + x), log(1 + x) = 2·(s + s³/3 + s⁵/5 + …); for x ≤ 1, eight terms err by less than float32 rounding.
fn log1p(x: f32) -> f32 {
  // By the bits, so that NaN takes the series.
  if (bitcast<u32>(x) - 0x3f800001u < 0x40000000u) { return log(1.0 + x); }
  let s = x / (2.0 + x);
  let q = s * s;
  let tail = 1.0 / 7.0 + q * (1.0 / 9.0 + q * (1.0 / 11.0 + q * (1.0 / 13.0 + q * (1.0 / 15.0))));
  return 2.0 * s + 2.0 * s * q * (1.0 / 3.0 + q * (1.0 / 5.0 + q * tail));
}
