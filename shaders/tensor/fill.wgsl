// fill: dst[offset + i] = value for i < size.
//
// grid      x (and y, past the limit): size / 64
// dst       read_write  [offset + size]

struct Params { offset: u32, size: u32, value: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> dst: array<f32>;

@compute @workgroup_size(64)
fn fill(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size) { return; }
  dst[params.offset + index] = params.value;
}
