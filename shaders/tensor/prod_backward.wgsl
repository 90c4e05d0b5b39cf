// prod_backward: the gradient of a product along one axis.
//
//   gradX[o][s][i] = gradY[o][i] · y[o][i] / x[o][s][i], or, if the axis has a zero, gradY[o][i] · Π x[o][t][i] over t ≠ s
//
// for o < outer, s < size, i < inner, as PyTorch computes it. The products of all other factors are those of the factors before, written
// first, times those of the factors after.
//
// grid        x (and y, past the limit): outer·inner / 64
// invocation  one axis
// x           read        [outer][size][inner]
// y, gradY    read        [outer][inner]
// gradX       read_write  [outer][size][inner]
// params      outer, size, inner: sizes of all dimensions before the axis, of the axis, of all after it

struct Params { outer: u32, size: u32, inner: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read> gradY: array<f32>;
@group(0) @binding(4) var<storage, read_write> gradX: array<f32>;

@compute @workgroup_size(64)
fn prod_backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let line = id.x + id.y * groups.x * 64u;
  if (line >= params.outer * params.inner) { return; }
  let start = line / params.inner * params.size * params.inner + line % params.inner;
  let end = start + params.size * params.inner;
  let gradient = gradY[line];
  var hasZero = false;
  for (var at = start; at < end; at += params.inner) {
    let factor = x[at];
    hasZero = hasZero || factor == 0.0;
    gradX[at] = gradient * (y[line] / factor);
  }
  if (!hasZero) { return; }
  var before = 1.0;
  for (var at = start; at < end; at += params.inner) {
    gradX[at] = before;
    before *= x[at];
  }
  var after = gradient;
  for (var s = params.size; s > 0u; s--) {
    let at = start + (s - 1u) * params.inner;
    gradX[at] *= after;
    after *= x[at];
  }
}
