// mask_steps: a batch of sequences with everything past the end of each replaced.
//
//   out[t][n][·] = t < lengths[n] ? sequence[t][n][·] : value
//
// grid        x (and y, past the limit): size / 64, size = T·batch·width
// workgroup   64 consecutive elements
// invocation  one element
// steps       all
// sequence    read        [T][batch][width]
// lengths     read        [batch]
// out         read_write  [T][batch][width]
// params
//   size          T·batch·width
//   batch, width  batch rows; values of one row in one step
//   value         replaces what is past the end

struct Params { size: u32, batch: u32, width: u32, value: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sequence: array<f32>;
@group(0) @binding(2) var<storage, read> lengths: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn mask_steps(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.size) { return; }
  let row = at / params.width;
  let inside = f32(row / params.batch) < lengths[row % params.batch];
  out[at] = select(params.value, sequence[at], inside);
}
