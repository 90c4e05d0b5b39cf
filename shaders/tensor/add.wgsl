// add: out[i] = a[i] + b[i] for i < size. Also sums losses, and the gradients of a tensor that is used twice.
//
// grid      x (and y, past the limit): size / 64
// a, b      read        [size]
// out       read_write  [size]; a different buffer from a and b

struct Params { size: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn add(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size) { return; }
  out[index] = a[index] + b[index];
}
