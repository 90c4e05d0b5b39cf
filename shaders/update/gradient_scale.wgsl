// gradient_scale: multiplies gradients by a factor in place.
//
//   gradient[offset + i] = factor · gradient[offset + i]       i < size
//
// grid      x (and y, past the limit): size / 64
// factor    read        [1]
// gradient  read_write  [offset + size]
// params
//   offset, size  range of the flat gradient buffer, in elements

struct Params { offset: u32, size: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> factor: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradient: array<f32>;

@compute @workgroup_size(64)
fn gradient_scale(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size) { return; }
  let at = params.offset + index;
  gradient[at] = factor[0] * gradient[at];
}
