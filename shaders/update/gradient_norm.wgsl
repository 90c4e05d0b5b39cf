// gradient_norm: first stage of a gradient norm: sums shares of a range, in a fixed order.
//
//   partial[first + i] = Σ |gradient[offset + j]|^power       over j = i, i + partials, … < size
//
// power = whole + fraction: the whole part by multiplication, exact for the usual norms; the fraction by pow. If
// infinite, the largest |gradient[offset + j]| instead of the sum; magnitudes order like their bits, with NaN largest.
//
// grid        x (and y, past the limit): partials / 64
// invocation  one share: every `partials`-th element of the range, from the i-th on
// gradient    read        [offset + size]
// partial     read_write  [first + partials]
// params
//   offset, size     range of the flat gradient buffer, in elements
//   first, partials  where the range's sums begin in partial, and how many there are
//   infinite         1: the largest magnitude in place of the sum
//   whole, fraction  whole and fractional part of the power
// uses: lib/finite (isFinite)

struct Params { offset: u32, size: u32, first: u32, partials: u32, infinite: u32, whole: u32, fraction: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradient: array<f32>;
@group(0) @binding(2) var<storage, read_write> partial: array<f32>;

@compute @workgroup_size(64)
fn gradient_norm(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.partials) { return; }
  var sum = 0.0;
  var largest = 0u;
  for (var j = index; j < params.size; j += params.partials) {
    let magnitude = abs(gradient[params.offset + j]);
    let bits = bitcast<u32>(magnitude);
    if (params.infinite != 0u) {
      largest = max(largest, bits);
    } else if (bits != 0u) {
      // Tests the bits: magnitude != 0.0 may compile to a test that is false for NaN.
      var term = 1.0;
      for (var k = 0u; k < params.whole; k++) { term *= magnitude; }
      if (params.fraction != 0.0) { term *= select(magnitude, pow(magnitude, params.fraction), isFinite(magnitude)); }
      sum += term;
    }
  }
  if (params.infinite != 0u) { sum = bitcast<f32>(largest); }
  partial[params.first + index] = sum;
}
