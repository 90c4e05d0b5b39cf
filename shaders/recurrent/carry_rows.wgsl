// carry_rows: restores the state of the batch rows whose sequences have ended, after a gemm has written the state of all rows.
//
//   state[current][n] = state[before][n]        for the rows n with lengths[n] ≤ time
//
// grid        x (and y, past the limit): batch·width / 64
// workgroup   64 consecutive elements of [batch][width]
// invocation  one element
// steps       one, `time`
// state       read_write  step after step of [batch][width]
// lengths     read        steps of each sequence: [batch]
// params
//   batch, width     batch rows; values in a state
//   before, current  offsets of the state before the step, and of the step
//   hasLengths       1
//   time             the step, to compare with lengths
// uses: recurrent/lib/sequence_lengths (isActive)

struct Params { batch: u32, width: u32, before: u32, current: u32, hasLengths: u32, time: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> state: array<f32>;
@group(0) @binding(2) var<storage, read> lengths: array<f32>;

@compute @workgroup_size(64)
fn carry_rows(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.batch * params.width || isActive(at / params.width, params.time)) { return; }
  state[params.current + at] = state[params.before + at];
}
