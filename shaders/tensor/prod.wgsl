// prod: products along one axis, in order, in parts; a second dispatch multiplies the parts.
//
//   y[o][p][i] = Π x[o][s][i]     over s in [p·chunk, min((p + 1)·chunk, size))
//
// for o < outer, p < parts, i < inner.
//
// grid        x (and y, past the limit): outer·parts·inner / 64
// invocation  one element of y: one part of one axis
// x           read        [outer][size][inner]
// y           read_write  [outer][parts][inner]
// params
//   outer, size, inner  sizes: of all dimensions before the axis, of the axis, of all after it
//   chunk, parts        factors of a part; parts of an axis

struct Params { outer: u32, size: u32, inner: u32, chunk: u32, parts: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn prod(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.outer * params.parts * params.inner) { return; }
  let inner = index % params.inner;
  let part = (index / params.inner) % params.parts;
  let outer = index / (params.inner * params.parts);
  let start = outer * params.size * params.inner + inner;
  var product = 1.0;
  for (var s = part * params.chunk; s < min((part + 1u) * params.chunk, params.size); s++) {
    product *= x[start + s * params.inner];
  }
  y[index] = product;
}
