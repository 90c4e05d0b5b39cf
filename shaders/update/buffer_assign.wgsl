// buffer_assign: gives a module's buffer the value that a run has computed for it.
//
//   stored[i] = source[i]       i < size; if any guard is not finite, nothing changes
//
// grid    x (and y, past the limit): size / 64
// guard   read        [guards]; only read if guards > 0
// source  read        [size]
// stored  read_write  [size]
// params
//   size, guards  elements; values in guard
// uses: lib/finite (isFinite), update/lib/guard (mayUpdate)

struct Params { size: u32, guards: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> guard: array<f32>;
@group(0) @binding(2) var<storage, read> source: array<f32>;
@group(0) @binding(3) var<storage, read_write> stored: array<f32>;

@compute @workgroup_size(64)
fn buffer_assign(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size || !mayUpdate()) { return; }
  stored[index] = source[index];
}
