// norm_sums: sums over sets of elements that the gradients of a batch norm and a group norm are made of.
//
//   sums[0][q] = Σ g        sums[1][q] = Σ g·n        over the elements e = [o][q][i] of a part q of the tensor
//   n = (x[e] - mean[s]) / √(variance[s] + eps)   g = gradY[e], times weight[c] if weighted = 1   s = e / setSize % sets, c = e / length % channels
//
// They are also the gradients of bias and weight, if the parts are channels and weighted = 0.
//
// grid        x (and y, past the limit): parts
// workgroup   one part: its invocations take every 64th element, in runs of 32 terms, and add up their sums in a tree
// x, gradY        read        [outer][parts][inner]
// mean, variance  read        [sets]
// weight          read        [channels]; only read if weighted = 1
// sums            read_write  [2][parts]
// gradBias        read_write  [parts]; the first sums once more; only written if wantsBias = 1
// gradWeight      read_write  [parts]; the second ones; only written if wantsWeight = 1
// params
//   outer, parts, inner  sizes
//   sets, setSize        sets; neighbouring elements of one set
//   channels, length     channels; neighbouring elements of one channel
//   wantsBias, wantsWeight  whether gradBias and gradWeight are written
//   weighted             whether the gradient counts times its channel's weight
//   eps                  added to the variance
// uses: layer/lib/workgroup_sum (workgroupSum)

const RUN = 2048u;

struct Params {
  outer: u32, parts: u32, inner: u32, sets: u32, setSize: u32, channels: u32, length: u32, weighted: u32,
  wantsBias: u32, wantsWeight: u32, eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gradY: array<f32>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> variance: array<f32>;
@group(0) @binding(5) var<storage, read> weight: array<f32>;
@group(0) @binding(6) var<storage, read_write> sums: array<f32>;
@group(0) @binding(7) var<storage, read_write> gradBias: array<f32>;
@group(0) @binding(8) var<storage, read_write> gradWeight: array<f32>;

@compute @workgroup_size(64)
fn norm_sums(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
             @builtin(local_invocation_index) lane: u32) {
  let part = group.x + group.y * groups.x;
  if (part >= params.parts) { return; }
  let count = params.outer * params.inner;
  var total = vec2f();
  for (var first = lane; first < count; first += RUN) {
    var sum = vec2f();
    for (var i = first; i < min(first + RUN, count); i += 64u) {
      let e = (i / params.inner * params.parts + part) * params.inner + i % params.inner;
      let own = e / params.setSize % params.sets;
      var g = gradY[e];
      if (params.weighted != 0u) { g *= weight[e / params.length % params.channels]; }
      sum += vec2f(g, g * ((x[e] - mean[own]) / sqrt(variance[own] + params.eps)));
    }
    total += sum;
  }
  let all = workgroupSum(lane, total);
  if (lane == 0u) {
    sums[part] = all.x;
    sums[params.parts + part] = all.y;
    if (params.wantsBias != 0u) { gradBias[part] = all.x; }
    if (params.wantsWeight != 0u) { gradWeight[part] = all.y; }
  }
}
