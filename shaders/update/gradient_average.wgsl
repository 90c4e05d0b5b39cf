// gradient_average: writes the total of gradient_accumulate, scaled, as the gradients of the update.
//
//   gradient[offset + i] = scale · total[offset + i]       i < size
//
// grid      x (and y, past the limit): size / 64
// total     read        [offset + size]
// gradient  read_write  [offset + size]
// params
//   offset, size  range of the flat gradient buffer, in elements
//   scale         factor on the total

struct Params { offset: u32, size: u32, scale: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> total: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradient: array<f32>;

@compute @workgroup_size(64)
fn gradient_average(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size) { return; }
  let at = params.offset + index;
  gradient[at] = params.scale * total[at];
}
