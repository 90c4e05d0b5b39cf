// lbfgs_measure: what LBFGS decides by, over a range of the flat parameter buffer: sums of g·d, |g|, (g - before)·d and
// (g - before)², and the largest |g| and |d|.
//
// Each workgroup adds up every so many elements of the range; the host adds up the workgroups.
//
// grid      x: groups
// g         read        [offset + size]: gradient
// before    read        [offset + size]: gradient of the iterate before
// d         read        [offset + size]: direction
// partial   read_write  [(first + groups)·6]: the six numbers of each workgroup
// params
//   offset, size   the range, in elements
//   first, groups  first workgroup in partial; workgroups
// uses: update/lib/workgroup_fold (workgroupSum, workgroupLargest)

struct Params { offset: u32, size: u32, first: u32, groups: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read> before: array<f32>;
@group(0) @binding(3) var<storage, read> d: array<f32>;
@group(0) @binding(4) var<storage, read_write> partial: array<f32>;

@compute @workgroup_size(64)
fn lbfgs_measure(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  var sums = vec4f();
  var largest = vec2u();
  for (var i = group.x * 64u + lane; i < params.size; i += params.groups * 64u) {
    let at = params.offset + i;
    let y = g[at] - before[at];
    sums += vec4f(g[at] * d[at], abs(g[at]), y * d[at], y * y);
    largest = max(largest, bitcast<vec2u>(vec2f(g[at], d[at])) & vec2u(0x7fffffffu));
  }
  let at = (params.first + group.x) * 6u;
  for (var k = 0u; k < 4u; k++) {
    let sum = workgroupSum(sums[k], lane);
    if (lane == 0u) { partial[at + k] = sum; }
  }
  for (var k = 0u; k < 2u; k++) {
    let most = workgroupLargest(largest[k], lane);
    if (lane == 0u) { partial[at + 4u + k] = bitcast<f32>(most); }
  }
}
