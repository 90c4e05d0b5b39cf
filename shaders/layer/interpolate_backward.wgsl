// interpolate_backward: the gradient of interpolate_forward: each element gets its share of everything that was read from it, in order.
//
//   gradX[r][i] = Σ weights[o]·gradY[r][o] over places[o] = i - 1  +  Σ (1 - weights[o])·gradY[r][o] over places[o] = i
//
// The last element is also its own right neighbour. If linear = 0, the second sum is without its factor, and there is no first one.
//
// grid        x (and y, past the limit): rows·length / 64
// invocation  one element of gradX
// gradY       read        [rows][outLength]
// starts      read        [length + 1]; the first o whose place is i or later
// weights     read        [outLength]; only read if linear = 1
// gradX       read_write  [rows][length]
// params
//   rows, length, outLength  sizes
//   linear                   whether neighbours are mixed

struct Params { rows: u32, length: u32, outLength: u32, linear: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradY: array<f32>;
@group(0) @binding(2) var<storage, read> starts: array<f32>;
@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read_write> gradX: array<f32>;

@compute @workgroup_size(64)
fn interpolate_backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.rows * params.length) { return; }
  let i = index % params.length;
  let start = index / params.length * params.outLength;
  let first = u32(starts[i]);
  let end = u32(starts[i + 1u]);
  var sum = 0.0;
  if (params.linear != 0u && i > 0u) {
    for (var o = u32(starts[i - 1u]); o < first; o++) { sum += weights[o] * gradY[start + o]; }
  }
  for (var o = first; o < end; o++) {
    let value = gradY[start + o];
    if (params.linear == 0u) { sum += value; } else { sum += (1.0 - weights[o]) * value; }
    if (params.linear != 0u && i == params.length - 1u) { sum += weights[o] * value; }
  }
  gradX[index] = sum;
}
