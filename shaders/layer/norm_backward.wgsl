// norm_backward: the gradient of norm_forward for x.
//
//   gradX[e] = (g - (sums[0][s] + n·sums[1][s]) / count) / √(variance[s] + eps)     g = gradY[e]·weight[c]; n, s, c as in norm_sums
//
// If weighsLast = 1 a set has one weight, the sums are without it, and the result is multiplied by it.
// If constants = 1 mean and variance do not depend on x, and the sums are left out.
//
// grid        x (and y, past the limit): size / 64
// invocation  one element
// x, gradY        read        [size]
// mean, variance  read        [sets]
// weight          read        [channels]; only read if hasWeight = 1; otherwise 1
// sums            read        [2][sets], of norm_sums; only read if constants = 0
// gradX           read_write  [size]
// params
//   size, sets, setSize   elements; sets; neighbouring elements of one set
//   channels, length      channels; neighbouring elements of one channel
//   count                 elements of a set
//   hasWeight, constants, weighsLast  as above
//   eps                   added to the variance

struct Params {
  size: u32, sets: u32, setSize: u32, channels: u32, length: u32, count: u32, hasWeight: u32, weighsLast: u32,
  constants: u32, eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gradY: array<f32>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> variance: array<f32>;
@group(0) @binding(5) var<storage, read> weight: array<f32>;
@group(0) @binding(6) var<storage, read> sums: array<f32>;
@group(0) @binding(7) var<storage, read_write> gradX: array<f32>;

@compute @workgroup_size(64)
fn norm_backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size) { return; }
  let own = index / params.setSize % params.sets;
  let scale = 1.0 / sqrt(variance[own] + params.eps);
  var g = gradY[index];
  var factor = 1.0;
  if (params.hasWeight != 0u) { factor = weight[index / params.length % params.channels]; }
  if (params.weighsLast == 0u) { g *= factor; }
  if (params.constants == 0u) {
    let n = (x[index] - mean[own]) * scale;
    g -= (sums[own] + n * sums[params.sets + own]) / f32(params.count);
  }
  gradX[index] = g * scale * select(1.0, factor, params.weighsLast != 0u);
}
