// norm_statistics: mean and variance of each set of elements: of a channel for a batch norm, of an item's group for a group norm.
//
//   mean[s] = Σ x / count        variance[s] = Σ (x - mean[s])² / count        over x[o][s][i], count = outer·inner
//
// The variance is NaN if the sum of squares overflows, where 0 would make every value the same.
//
// grid        x (and y, past the limit): sets
// workgroup   one set: its invocations take every 64th element, in runs of 32 terms, and add up their sums in a tree
// x           read        [outer][sets][inner]
// mean        read_write  [sets]
// variance    read_write  [sets]
// params
//   outer, sets, inner  sizes
// uses: layer/lib/workgroup_sum (workgroupSum), lib/not_a_number (notANumber), lib/finite (isFinite)

const RUN = 2048u;

struct Params { outer: u32, sets: u32, inner: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> mean: array<f32>;
@group(0) @binding(3) var<storage, read_write> variance: array<f32>;

fn element(index: u32, own: u32) -> f32 {
  return x[(index / params.inner * params.sets + own) * params.inner + index % params.inner];
}

@compute @workgroup_size(64)
fn norm_statistics(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
                   @builtin(local_invocation_index) lane: u32) {
  let own = group.x + group.y * groups.x;
  if (own >= params.sets) { return; }
  let count = params.outer * params.inner;
  var total = 0.0;
  for (var first = lane; first < count; first += RUN) {
    var sum = 0.0;
    for (var i = first; i < min(first + RUN, count); i += 64u) { sum += element(i, own); }
    total += sum;
  }
  let center = workgroupSum(lane, vec2f(total, 0.0)).x / f32(count);
  var squares = 0.0;
  for (var first = lane; first < count; first += RUN) {
    var sum = 0.0;
    for (var i = first; i < min(first + RUN, count); i += 64u) {
      let centered = element(i, own) - center;
      sum += centered * centered;
    }
    squares += sum;
  }
  let all = workgroupSum(lane, vec2f(squares, 0.0)).x;
  if (lane == 0u) {
    mean[own] = center;
    variance[own] = select(notANumber(), all / f32(count), isFinite(all));
  }
}
