// extreme_backward: the gradient of the largest or smallest element along one axis, shared by the elements that equal it.
//
//   gradX[o][s][i] = x[o][s][i] = y[o][i] ? gradY[o][i] / counts[o][i] : 0
//
// for o < outer, s < size, i < inner; the first dispatch writes 1 and 0 instead, whose sums along the axis are the counts. NaN equals
// nothing: an axis with one has NaN for a gradient, or with sharesNaN = 1 its NaN share the gradient.
//
// grid      x (and y, past the limit): outer·size·inner / 64
// x         read        [outer][size][inner]
// y         read        [outer][inner]
// gradY     read        [outer][inner], if hasCounts is 1
// counts    read        [outer][inner], if hasCounts is 1
// gradX     read_write  [outer][size][inner]
// uses: lib/not_a_number (isNotANumber, notANumber), tensor/lib/order (orderOf)

struct Params { outer: u32, size: u32, inner: u32, hasCounts: u32, sharesNaN: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read> gradY: array<f32>;
@group(0) @binding(4) var<storage, read> counts: array<f32>;
@group(0) @binding(5) var<storage, read_write> gradX: array<f32>;

fn isResult(value: f32, result: f32) -> bool {
  if (isNotANumber(result)) { return params.sharesNaN != 0u && isNotANumber(value); }
  return !isNotANumber(value) && orderOf(value) == orderOf(result);
}

@compute @workgroup_size(64)
fn extreme_backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.outer * params.size * params.inner) { return; }
  let line = index / (params.size * params.inner) * params.inner + index % params.inner;
  let matches = isResult(x[index], y[line]);
  if (params.hasCounts == 0u) {
    gradX[index] = select(0.0, 1.0, matches);
  } else if (counts[line] == 0.0) {
    gradX[index] = notANumber();
  } else {
    gradX[index] = select(0.0, gradY[line] / counts[line], matches);
  }
}
