// prod_backward: the gradient of a product along one axis, in two passes.
//
//   gradX[o][s][i] = gradY[o][i] · y[o][i] / x[o][s][i], or, if x has a zero, gradY[o][i] · Π x[o][t][i] over t ≠ s
//
// for o < outer, s < size, i < inner, as PyTorch computes it: 0 for the product of a whole tensor with several zeros. The first pass counts
// the zeros of each axis; their sum is read by the second. The products of all other factors are those of the factors before, written
// first, times those of the factors after.
//
// grid        x (and y, past the limit): outer·inner / 64
// invocation  one axis
// x           read        [outer][size][inner]
// y, gradY    read        [outer][inner]; not read by the first pass
// zeros       read        [1]: how many of x are zero; not read by the first pass
// gradX       read_write  [outer][size][inner]; of the first pass [outer][inner], the zeros of each axis
// params
//   outer, size, inner  sizes: of all dimensions before the axis, of the axis, of all after it
//   hasZeros            1 in the second pass
//   whole               1 for the product of a whole tensor

struct Params { outer: u32, size: u32, inner: u32, hasZeros: u32, whole: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read> gradY: array<f32>;
@group(0) @binding(4) var<storage, read> zeros: array<f32>;
@group(0) @binding(5) var<storage, read_write> gradX: array<f32>;

@compute @workgroup_size(64)
fn prod_backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let line = id.x + id.y * groups.x * 64u;
  if (line >= params.outer * params.inner) { return; }
  let start = line / params.inner * params.size * params.inner + line % params.inner;
  let end = start + params.size * params.inner;
  if (params.hasZeros == 0u) {
    var count = 0.0;
    for (var at = start; at < end; at += params.inner) {
      if (x[at] == 0.0) { count += 1.0; }
    }
    gradX[line] = count;
    return;
  }
  let gradient = gradY[line];
  if (zeros[0] == 0.0 || (params.whole == 1u && zeros[0] > 1.0)) {
    for (var at = start; at < end; at += params.inner) {
      if (zeros[0] == 0.0) { gradX[at] = gradient * (y[line] / x[at]); } else { gradX[at] = 0.0; }
    }
    return;
  }
  var before = 1.0;
  for (var at = start; at < end; at += params.inner) {
    gradX[at] = before;
    before *= x[at];
  }
  var after = 1.0;
  for (var s = params.size; s > 0u; s--) {
    let at = start + (s - 1u) * params.inner;
    gradX[at] = gradient * (gradX[at] * after);
    after *= x[at];
  }
}
