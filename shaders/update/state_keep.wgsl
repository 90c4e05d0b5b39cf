// state_keep: puts the state that a run started from in the place of the state that it leaves, if its update is left out.
//
//   after[i] = before[i]       i < size, if guard[0] is not finite
//
// grid    x (and y, past the limit): size / 64
// guard   read        [1]
// before  read        [size]
// after   read_write  [size]
// params
//   size  elements
// uses: lib/finite (isFinite)

struct Params { size: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> guard: array<f32>;
@group(0) @binding(2) var<storage, read> before: array<f32>;
@group(0) @binding(3) var<storage, read_write> after: array<f32>;

@compute @workgroup_size(64)
fn state_keep(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size || isFinite(guard[0])) { return; }
  after[index] = before[index];
}
