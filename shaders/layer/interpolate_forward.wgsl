// interpolate_forward: reads rows at places between their elements.
//
//   y[r][o] = (1 - weights[o])·x[r][p] + weights[o]·x[r][min(p + 1, length - 1)]     p = places[o]; linear = 0: y[r][o] = x[r][p]
//
// grid        x (and y, past the limit): rows·outLength / 64
// invocation  one element of y
// x           read        [rows][length]
// places      read        [outLength]; integers
// weights     read        [outLength]; only read if linear = 1
// y           read_write  [rows][outLength]
// params
//   rows, length, outLength  sizes
//   linear                   whether neighbours are mixed

struct Params { rows: u32, length: u32, outLength: u32, linear: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> places: array<f32>;
@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn interpolate_forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.rows * params.outLength) { return; }
  let o = index % params.outLength;
  let start = index / params.outLength * params.length;
  let place = u32(places[o]);
  let value = x[start + place];
  if (params.linear == 0u) {
    y[index] = value;
    return;
  }
  let weight = weights[o];
  y[index] = (1.0 - weight) * value + weight * x[start + min(place + 1u, params.length - 1u)];
}
