// sum_axis: sums along one axis, in order, in parts; a second dispatch sums the parts.
//
//   y[o][p][i] = Σ x[o][s][i]     over s in [p·chunk, min((p + 1)·chunk, size))
//
// for o < outer, p < parts, i < inner. Each run of 32 terms is summed before it is added to the rest, so a sum of n terms
// rounds like one of n/32 + 32.
//
// grid        x (and y, past the limit): outer·parts·inner / 64
// invocation  one element of y: one part of one axis
// x           read        [outer][size][inner]
// y           read_write  [outer][parts][inner]
// params
//   outer, size, inner  sizes: of all dimensions before the axis, of the axis, of all after it
//   chunk, parts        terms of a part; parts of an axis

const RUN = 32u;

struct Params { outer: u32, size: u32, inner: u32, chunk: u32, parts: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn sum_axis(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.outer * params.parts * params.inner) { return; }
  let inner = index % params.inner;
  let part = (index / params.inner) % params.parts;
  let outer = index / (params.inner * params.parts);
  let start = outer * params.size * params.inner + inner;
  let end = min((part + 1u) * params.chunk, params.size);
  var total = 0.0;
  for (var first = part * params.chunk; first < end; first += RUN) {
    var sum = 0.0;
    for (var s = first; s < min(first + RUN, end); s++) {
      sum += x[start + s * params.inner];
    }
    total += sum;
  }
  y[index] = total;
}
