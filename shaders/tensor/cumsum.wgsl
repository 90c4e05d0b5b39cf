// cumsum: running sums along one axis, from its start, or in the backward pass from its end.
//
//   y[o][s][i] = Σ x[o][t][i]     over t ≤ s, or t ≥ s if reverse is 1
//
// for o < outer, s < size, i < inner. Each run of 32 terms is summed before it is added to the rest, so a sum of n terms rounds like one
// of n/32 + 32.
//
// grid        x (and y, past the limit): outer·inner / 64
// invocation  one axis
// x           read        [outer][size][inner]
// y           read_write  [outer][size][inner]; a different buffer from x
// params      outer, size, inner: sizes of all dimensions before the axis, of the axis, of all after it

const RUN = 32u;

struct Params { outer: u32, size: u32, inner: u32, reverse: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn cumsum(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let line = id.x + id.y * groups.x * 64u;
  if (line >= params.outer * params.inner) { return; }
  let start = line / params.inner * params.size * params.inner + line % params.inner;
  var total = 0.0;
  for (var first = 0u; first < params.size; first += RUN) {
    var sum = 0.0;
    for (var s = first; s < min(first + RUN, params.size); s++) {
      let at = start + select(s, params.size - 1u - s, params.reverse != 0u) * params.inner;
      sum += x[at];
      y[at] = total + sum;
    }
    total += sum;
  }
}
