// pair_backward: the gradient of one of the two operands of pair.wgsl, `own`, given the other; by KIND:
//
//   0, 1  of max and min: gradOut where own is the result, half of it where both are, all of it where either is NaN
//   2     of own^other: gradOut·other·own^(other - 1), 0 where other = 0
//   3     of other^own: gradOut·other^own·log(other), 0 where other = 0 and own ≥ 0
//
// grid                 x (and y, past the limit): size / 64
// own, other, gradOut  read        [size]
// gradOwn              read_write  [size]
// uses: lib/not_a_number (isNotANumber, notANumber), lib/exp_log (safeLog), tensor/lib/order (orderOf), tensor/lib/power (power)

const KIND = 0u;

struct Params { size: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> own: array<f32>;
@group(0) @binding(2) var<storage, read> other: array<f32>;
@group(0) @binding(3) var<storage, read> gradOut: array<f32>;
@group(0) @binding(4) var<storage, read_write> gradOwn: array<f32>;

fn ofExtreme(x: f32, y: f32, g: f32) -> f32 {
  if (isNotANumber(x) || isNotANumber(y)) { return g; }
  if (orderOf(x) == orderOf(y)) { return g / 2.0; }
  return select(0.0, g, (orderOf(x) > orderOf(y)) == (KIND == 0u));
}

fn ofExponent(x: f32, y: f32, g: f32) -> f32 {
  let isFlat = y == 0.0 && !isNotANumber(x) && x >= 0.0;
  return select(g * (power(y, x) * safeLog(y)), 0.0, isFlat);
}

@compute @workgroup_size(64)
fn pair_backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size) { return; }
  let x = own[index];
  let y = other[index];
  let g = gradOut[index];
  if (KIND < 2u) {
    gradOwn[index] = ofExtreme(x, y, g);
  } else if (KIND == 2u) {
    gradOwn[index] = select(g * (y * power(x, y - 1.0)), 0.0, y == 0.0);
  } else {
    gradOwn[index] = ofExponent(x, y, g);
  }
}
