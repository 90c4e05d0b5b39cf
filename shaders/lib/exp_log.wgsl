// exp and log of every float32, as IEEE 754 has them; a driver's own may give a number for NaN, and its log one for 0 and below.
// uses: lib/not_a_number (isNotANumber, notANumber)

fn safeExp(x: f32) -> f32 { return select(exp(x), x, isNotANumber(x)); }

// Subnormal numbers count as 0.
fn safeLog(x: f32) -> f32 {
  let bits = bitcast<i32>(x);
  let infinity = 0x7f800000;
  let ofPositive = select(log(x), x, bits >= infinity);
  let ofOthers = select(notANumber(), -bitcast<f32>(infinity), (bits & infinity) == 0);
  return select(ofPositive, ofOthers, bits < 0x00800000);
}
