// lstm_projection_backward: adds up the gradient of a projected hidden state h_t = W_hr·m_t at one time step.
//
//   dh_t = dY[t] + recurrent + hiddenCarry        recurrent = dG[next]·W'ᵀ
//
// After it a gemm computes dm_t = dh_t·W_hr, and one gemm over all steps the gradient of W_hr. Past the end of a row's sequence dh_t is zero.
//
// grid           x (and y, past the limit): batch·width / 64
// workgroup      64 consecutive elements of [batch][width]
// invocation     one element
// steps          one, t
// recurrent      read        [batch][width]; only read where hasNext = 1
// gradOutput     read        dY: [T][batch][width]; only read where hasGradOutput = 1
// hiddenCarry    read_write  [batch][width]: the gradient of the last state at first, then what passes a sequence's end; read where
//                            hasHiddenCarry = 1, written where keepsHiddenCarry = 1
// lengths        read        steps of each sequence: [batch]; only read where hasLengths = 1
// gradProjected  read_write  dh: [T][batch][width]
// params
//   batch, width               batch rows; values in a hidden state
//   offset                     offset of step t in gradOutput and gradProjected
//   hasNext                    0: step t was the last step forward
//   hasGradOutput, hasLengths  whether gradOutput and lengths are read
//   hasHiddenCarry             whether hiddenCarry is read
//   keepsHiddenCarry           whether hiddenCarry is written
//   time, nextTime             t and the next step, to compare with lengths
// uses: recurrent/lib/sequence_lengths (isActive)

struct Params {
  batch: u32, width: u32, offset: u32, hasNext: u32, hasGradOutput: u32, hasHiddenCarry: u32, keepsHiddenCarry: u32,
  hasLengths: u32, time: u32, nextTime: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> recurrent: array<f32>;
@group(0) @binding(2) var<storage, read> gradOutput: array<f32>;
@group(0) @binding(3) var<storage, read_write> hiddenCarry: array<f32>;
@group(0) @binding(4) var<storage, read> lengths: array<f32>;
@group(0) @binding(5) var<storage, read_write> gradProjected: array<f32>;

@compute @workgroup_size(64)
fn lstm_projection_backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.batch * params.width) { return; }
  var grad = 0.0;
  // Where the row has no next step dG is zero, and 0·∞ would be NaN.
  if (params.hasNext != 0u && isActive(at / params.width, params.nextTime)) { grad += recurrent[at]; }
  if (params.hasHiddenCarry != 0u) { grad += hiddenCarry[at]; }
  let isInside = isActive(at / params.width, params.time);
  if (params.keepsHiddenCarry != 0u) { hiddenCarry[at] = select(grad, 0.0, isInside); }
  if (params.hasGradOutput != 0u) { grad += gradOutput[params.offset + at]; }
  gradProjected[params.offset + at] = select(0.0, grad, isInside);
}
