// gradient_clamp: clips gradients to [-limit, limit] in place, as torch.nn.utils.clip_grad_value_; a NaN stays NaN.
//
//   gradient[offset + i] = min(max(gradient[offset + i], -limit), limit)       i < size
//
// grid      x (and y, past the limit): size / 64
// gradient  read_write  [offset + size]
// params
//   offset, size  range of the flat gradient buffer, in elements
//   limit         largest magnitude that stays
// uses: lib/not_a_number (isNotANumber)

struct Params { offset: u32, size: u32, limit: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gradient: array<f32>;

@compute @workgroup_size(64)
fn gradient_clamp(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size) { return; }
  let at = params.offset + index;
  let g = gradient[at];
  if (isNotANumber(g)) { return; }
  if (g > params.limit) { gradient[at] = params.limit; }
  if (g < -params.limit) { gradient[at] = -params.limit; }
}
