// Sine and cosine of every float32. WGSL's own are only accurate to 2^-11, and only within [-π, π].
//
// x = (n + f)·π/2 with an integer n and |f| ≤ 1/2, of which n mod 4 and f are wanted. x is an integer m times a power of two, so they are in the
// product of m and 96 bits of 2/π: those before give multiples of 4, those after too little to count (Payne and Hanek's reduction).
// uses: lib/random (mulHigh), lib/not_a_number (notANumber)

// 2/π in words of 32 bits after the point, with zeros before it.
const TWO_OVER_PI = array<u32, 9>(
  0u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu, 0xdebbc561u,
);

// n mod 4, and f·π/2 as the bits of a float32, of |x| ≥ 1/2.
fn quarterTurns(x: f32) -> vec2u {
  let bits = bitcast<u32>(x) & 0x7fffffffu;
  let m = (bits & 0x007fffffu) | 0x00800000u;
  // |x| = m·2^e. The first bit that counts is the one that 2^e moves to 2.
  let first = (bits >> 23u) - 150u + 30u;
  let word = first / 32u;
  let shift = first % 32u;
  var table = TWO_OVER_PI;
  var window: array<u32, 3>;
  for (var i = 0u; i < 3u; i++) {
    window[i] = (table[word + i] << shift) | ((table[word + i + 1u] >> (31u - shift)) >> 1u);
  }
  // The product modulo 2^96, that is, modulo 4: its two upper words.
  let middle = m * window[1] + mulHigh(m, window[2]);
  let carry = mulHigh(m, window[1]) + u32(middle < mulHigh(m, window[2]));
  let high = m * window[0] + carry;
  let whole = high >> 30u;
  let part = (high << 2u) | (middle >> 30u);
  // As a signed number, part says how far x is from the nearest n.
  let f = f32(bitcast<i32>(part)) * 2.3283064e-10 + f32(middle << 2u) * 5.421011e-20;
  return vec2u(whole + (part >> 31u), bitcast<u32>(f * 1.5707964));
}

// sin(r) if the number of quarter turns is even, else cos(r); negative in the second half.
fn turned(quarters: u32, r: f32) -> f32 {
  let q = r * r;
  let sine = r * (1.0 + q * (-1.0 / 6.0 + q * (1.0 / 120.0 + q * (-1.0 / 5040.0 + q * (1.0 / 362880.0)))));
  let cosine = 1.0 + q * (-0.5 + q * (1.0 / 24.0 + q * (-1.0 / 720.0 + q * (1.0 / 40320.0))));
  let value = select(sine, cosine, (quarters & 1u) != 0u);
  return select(value, -value, (quarters & 2u) != 0u);
}

fn sine(x: f32) -> f32 {
  let bits = bitcast<u32>(x) & 0x7fffffffu;
  if (bits >= 0x7f800000u) { return notANumber(); }
  if (bits < 0x3f000000u) { return turned(0u, x); }
  let reduced = quarterTurns(x);
  let value = turned(reduced.x, bitcast<f32>(reduced.y));
  return select(value, -value, x < 0.0);
}

fn cosine(x: f32) -> f32 {
  let bits = bitcast<u32>(x) & 0x7fffffffu;
  if (bits >= 0x7f800000u) { return notANumber(); }
  if (bits < 0x3f000000u) { return turned(1u, x); }
  let reduced = quarterTurns(x);
  return turned(reduced.x + 1u, bitcast<f32>(reduced.y));
}
