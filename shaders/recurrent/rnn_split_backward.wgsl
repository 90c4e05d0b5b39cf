// rnn_split_backward: one time step of an Elman RNN backward, for version `split`: recurrent product and the cell's gradients in one dispatch.
//
//   dh_t = dY[t] + dG[next]·W'ᵀ + hiddenCarry
//   dG[t] = dh_t·act'(h_t)      act' = 1 - h², or with relu = 1 (h = 0 ? 0 : 1)
//
// The next step is t+1, or t-1 in the reverse direction.
// Past the end of a row's sequence dG is zero and the carries pass through.
//
// grid         x: hidden / 16, y (and z, past the limit): batch / 4
// workgroup    16 × 8 invocations, see recurrent/lib/split_backward
// steps        one, t
// gates        read_write  dG: [T][batch][hidden]
// weight       read        W'ᵀ, [j][k], of W' as in rnn_split_forward: [hidden][hidden]
// hidden       read        h, f32
// gradOutput   read        dY: [T][batch][hidden]; only read where hasGradOutput = 1
// hiddenCarry  read_write  [batch][hidden]: the gradient of the last state at first, then what passes a sequence's end; read where
//                          hasHiddenCarry = 1, written where keepsHiddenCarry = 1
// lengths      read        steps of each sequence: [batch]; only read where hasLengths = 1
// params
//   batch, hidden              batch rows; units of the layer
//   gate, nextGate             offsets in gates of step t, and of the step processed after it in the forward pass
//   before, current            offsets in hidden of the state before step t, and of step t
//   hasNext                    0: step t was the last step forward, and dG[next]·W'ᵀ is zero
//   hasGradOutput, hasLengths  whether gradOutput and lengths are read
//   hasHiddenCarry             whether hiddenCarry is read
//   keepsHiddenCarry           whether hiddenCarry is written
//   time, nextTime             t and the next step, to compare with lengths
//   relu                       1: the derivative of max(·, 0) in place of that of tanh
// uses: recurrent/lib/rnn_update_backward (update), recurrent/lib/sequence_lengths (isActive, anyActive),
//   recurrent/lib/split_backward (splitProduct)
// provides: reached, SLICES

struct Params {
  batch: u32, hidden: u32, gate: u32, nextGate: u32, before: u32, current: u32,
  hasNext: u32, hasGradOutput: u32, hasHiddenCarry: u32,
  hasLengths: u32, time: u32, nextTime: u32, keepsHiddenCarry: u32, relu: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gates: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> hidden: array<f32>;
@group(0) @binding(4) var<storage, read> gradOutput: array<f32>;
@group(0) @binding(5) var<storage, read_write> hiddenCarry: array<f32>;
@group(0) @binding(6) var<storage, read> lengths: array<f32>;

const SLICES = 8u;

fn reached(grad: f32, weight: f32) -> f32 {
  return grad * weight;
}

@compute @workgroup_size(16, SLICES)
fn rnn_split_backward(
  @builtin(local_invocation_id) local: vec3u,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let unit = group.x * 16u + local.x;
  let row = (group.y + group.z * groups.y) * 4u;
  let product = splitProduct(row, unit, local);
  if (local.y < 4u) { update(row + local.y, unit, product); }
}
