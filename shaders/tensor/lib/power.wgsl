// x to the power y, as C's pow. WGSL's own loses digits with |y·log x| and has no negative x. Subnormal x counts as 0.
//
// With |x| = m·2^e and m from √½ to √2, |x|^y = 2^(y·e + y·log2 m). The integer part of the exponent is taken out before anything is rounded.
// uses: lib/not_a_number (isNotANumber, notANumber)

// 2^n for n from -126 to 127.
fn powerOfTwo(n: i32) -> f32 { return bitcast<f32>(u32(n + 127) << 23u); }

// |x|^y of finite |x| > 0 and finite y.
fn magnitude(x: f32, y: f32) -> f32 {
  let bits = bitcast<u32>(x) & 0x7fffffffu;
  let over = (bits - 0x3f3504f3u) >> 23u;
  let e = f32(bitcast<i32>(over << 23u) >> 23u);
  let m = bitcast<f32>(bits - (over << 23u));
  // log2 m = 2/ln 2 · (s + s³/3 + …) with |s| < 0.172.
  let s = (m - 1.0) / (m + 1.0);
  let q = s * s;
  let logarithm = 2.885390 * s * (1.0 + q * (1.0 / 3.0 + q * (1.0 / 5.0 + q * (1.0 / 7.0 + q * (1.0 / 9.0)))));
  // A y of 12 bits times e is exact.
  let upper = bitcast<f32>(bitcast<u32>(y) & 0xfffff000u);
  let whole = upper * e;
  // Beyond these the result is infinite or 0. So is the sum, where it is not a number.
  let exponent = clamp(whole + y * logarithm + (y - upper) * e, -400.0, 400.0);
  let n = round(exponent);
  let rest = (whole - n) + ((y - upper) * e + y * logarithm);
  let lower = i32(n) / 2;
  let result = exp2(clamp(rest, -1.0, 1.0)) * powerOfTwo(clamp(lower, -126, 127)) * powerOfTwo(clamp(i32(n) - lower, -126, 127));
  let infinity = 0x7f800000u;
  return select(select(result, 0.0, exponent < -151.0), bitcast<f32>(infinity), exponent >= 128.0);
}

fn power(x: f32, y: f32) -> f32 {
  if (y == 0.0 || x == 1.0) { return 1.0; }
  if (isNotANumber(x) || isNotANumber(y)) { return notANumber(); }
  let infinity = 0x7f800000u;
  let ySize = bitcast<u32>(y) & 0x7fffffffu;
  let xSize = bitcast<u32>(x) & 0x7fffffffu;
  if (ySize == infinity) {
    if (xSize == 0x3f800000u) { return 1.0; }
    return select(0.0, bitcast<f32>(infinity), (xSize > 0x3f800000u) == (y > 0.0));
  }
  let isInteger = floor(y) == y;
  // Every float32 from 2^24 on is even.
  let isOdd = isInteger && ySize < 0x4b800000u && (i32(y) & 1) != 0;
  let isNegative = (bitcast<u32>(x) >> 31u) != 0u;
  var size: f32;
  if (xSize < 0x00800000u) {
    size = select(bitcast<f32>(infinity), 0.0, y > 0.0);
  } else if (xSize == infinity) {
    size = select(0.0, bitcast<f32>(infinity), y > 0.0);
  } else if (isNegative && !isInteger) {
    return notANumber();
  } else {
    size = magnitude(x, y);
  }
  return select(size, -size, isNegative && isOdd);
}
