// lbfgs_move: where LBFGS evaluates, over a range of the flat parameter buffer.
//
//   p = origin + t·d
//
// grid    x (and y, past the limit): size / 64
// origin  read        [offset + size]: the iterate
// d       read        [offset + size]: direction
// value   read_write  [offset + size]: p
// params
//   offset, size  the range, in elements
//   t             step length

struct Params { offset: u32, size: u32, t: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> origin: array<f32>;
@group(0) @binding(2) var<storage, read> d: array<f32>;
@group(0) @binding(3) var<storage, read_write> value: array<f32>;

@compute @workgroup_size(64)
fn lbfgs_move(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size) { return; }
  let at = params.offset + index;
  value[at] = origin[at] + params.t * d[at];
}
