// gradient_accumulate: adds the gradients of one run to the total of earlier runs, so that several batches make one update.
//
//   total[offset + i] = (begins ? 0 : total[offset + i]) + weight · gradient[offset + i]       i < size
//
// grid      x (and y, past the limit): size / 64
// gradient  read        [offset + size]
// total     read_write  [offset + size]
// params
//   offset, size  range of the flat gradient buffer, in elements
//   begins        1: the first run of an update, which replaces the total
//   weight        factor on this run's gradients

struct Params { offset: u32, size: u32, begins: u32, weight: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradient: array<f32>;
@group(0) @binding(2) var<storage, read_write> total: array<f32>;

@compute @workgroup_size(64)
fn gradient_accumulate(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size) { return; }
  let at = params.offset + index;
  let term = params.weight * gradient[at];
  if (params.begins != 0u) {
    total[at] = term;
  } else {
    total[at] += term;
  }
}
