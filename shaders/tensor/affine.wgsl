// affine: y[i] = scale·x[i] + offset for i < size: a tensor times, or plus, a number.
//
// grid      x (and y, past the limit): size / 64
// x         read        [size]
// y         read_write  [size]; a different buffer from x

struct Params { size: u32, scale: f32, offset: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn affine(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size) { return; }
  y[index] = params.scale * x[index] + params.offset;
}
