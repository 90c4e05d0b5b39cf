// lbfgs_pair: the newest pair of L-BFGS's history, over a range of the flat parameter buffer.
//
//   y = g - before
//   s = t·d
//
// grid    x (and y, past the limit): size / 64
// g       read        [offset + size]: gradient
// before  read        [offset + size]: gradient of the iterate before
// d       read        [offset + size]: direction from there
// y, s    read_write  [offset + size]
// params
//   offset, size  the range, in elements
//   t             step length from there

struct Params { offset: u32, size: u32, t: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read> before: array<f32>;
@group(0) @binding(3) var<storage, read> d: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<storage, read_write> s: array<f32>;

@compute @workgroup_size(64)
fn lbfgs_pair(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size) { return; }
  let at = params.offset + index;
  y[at] = g[at] - before[at];
  s[at] = params.t * d[at];
}
