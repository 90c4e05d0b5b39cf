// pair: out[i] = f(a[i], b[i]) for i < size, with f by KIND; b may be one number.
//
//   0 max   1 min   of which NaN is the larger and the smaller
//   2 =   3 ≠   4 <   5 ≤   6 >   7 ≥   1 if it holds, else 0; with a NaN only ≠ holds
//   8 a^b
//
// grid      x (and y, past the limit): size / 64
// a         read        [size]
// b         read        [size], if hasNumber is 0
// out       read_write  [size]; a different buffer from a and b
// params    hasNumber and number: whether b is one number, and which
// uses: lib/not_a_number (isNotANumber, notANumber), tensor/lib/order (orderOf), tensor/lib/power (power)

const KIND = 0u;

struct Params { size: u32, hasNumber: u32, number: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

fn holds(left: f32, right: f32) -> bool {
  if (isNotANumber(left) || isNotANumber(right)) { return KIND == 3u; }
  let above = orderOf(left) > orderOf(right);
  let equal = orderOf(left) == orderOf(right);
  switch KIND {
    case 2u: { return equal; }
    case 3u: { return !equal; }
    case 4u: { return !above && !equal; }
    case 5u: { return !above; }
    case 6u: { return above; }
    default: { return above || equal; }
  }
}

fn extreme(left: f32, right: f32) -> f32 {
  if (isNotANumber(left)) { return left; }
  if (isNotANumber(right)) { return right; }
  return select(right, left, (orderOf(left) > orderOf(right)) == (KIND == 0u));
}

@compute @workgroup_size(64)
fn pair(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size) { return; }
  let left = a[index];
  var right = params.number;
  if (params.hasNumber == 0u) { right = b[index]; }
  if (KIND < 2u) {
    out[index] = extreme(left, right);
  } else if (KIND == 8u) {
    out[index] = power(left, right);
  } else {
    out[index] = select(0.0, 1.0, holds(left, right));
  }
}
