// pad_forward: extends one dimension at both ends, or shortens it, in one of four modes.
//
//   y[o][p][i] = x[o][s][i] with s = p - before;  where s < 0 or s ≥ size:
//     mode 0 (constant)   value
//     mode 1 (reflect)    s = -s, or 2·(size - 1) - s
//     mode 2 (replicate)  s = 0, or size - 1
//     mode 3 (circular)   s modulo size
//
// grid        x (and y, past the limit): outer·padded·inner / 64
// invocation  one element of y
// x           read        [outer][size][inner]
// y           read_write  [outer][padded][inner]
// params
//   outer, size, padded, inner  sizes
//   before                      elements before the first; signed
//   mode, value                 as in the formula

struct Params { outer: u32, size: u32, padded: u32, inner: u32, before: u32, mode: u32, value: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn pad_forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.outer * params.padded * params.inner) { return; }
  let inner = index % params.inner;
  let place = index / params.inner % params.padded;
  let outer = index / params.inner / params.padded;
  let size = i32(params.size);
  var s = i32(place) - i32(params.before);
  if (s < 0 || s >= size) {
    switch params.mode {
      case 1u: { s = select(2 * (size - 1) - s, -s, s < 0); }
      case 2u: { s = clamp(s, 0, size - 1); }
      case 3u: { s = (s % size + size) % size; }
      default: { y[index] = params.value; return; }
    }
  }
  y[index] = x[(outer * params.size + u32(s)) * params.inner + inner];
}
