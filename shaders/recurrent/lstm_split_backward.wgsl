// lstm_split_backward: one time step of an LSTM backward, for version `split`: recurrent product and the cell's gradients in one dispatch.
//
//   dh_t = dY[t] + dG[next]·W'ᵀ + hiddenCarry
//   dc = dc_t + dh_t·o·(1 - tanh²(c_t));  do = dh_t·tanh(c_t)·o·(1 - o);  di = dc·g·i·(1 - i);  df = dc·c_{t-1}·f·(1 - f);
//   dg = dc·i·(1 - g²);  dc_{t-1} = dc·f
//
// gates[t] arrives holding i, f, g, o and leaves holding dG[t] = di, df, dg, do, the gradients of the preactivations.
// The next step is t+1, or t-1 in the reverse direction.
// Past the end of a row's sequence dG is zero and the carries pass through.
//
// grid         x: hidden / 16, y (and z, past the limit): batch / 4
// workgroup    16 × 8 invocations, see recurrent/lib/split_backward
// steps        one, t
// gates        read_write  [T][batch][hidden] of vec4(i, f, g, o), then dG
// weight       read        W'ᵀ, [j][k], of W' as in lstm_split_forward: [hidden][hidden] of vec4
// cells        read        c, f32
// gradOutput   read        dY: [T][batch][hidden]; only read where hasGradOutput = 1
// hiddenCarry  read_write  [batch][hidden]: the gradient of the last state at first, then what passes a sequence's end; read where
//                          hasHiddenCarry = 1, written where keepsHiddenCarry = 1
// cellCarry    read_write  [batch][hidden]: dc_t on entry, dc_{t-1} on exit
// lengths      read        steps of each sequence: [batch]; only read where hasLengths = 1
// params
//   batch, hidden              batch rows; units of the layer
//   gate, nextGate             offsets in gates of step t, and of the step processed after it in the forward pass, in vec4s
//   before, current            offsets in cells of the state before step t, and of step t
//   hasNext                    0: step t was the last step forward, and dG[next]·W'ᵀ is zero
//   hasGradOutput, hasLengths  whether gradOutput and lengths are read
//   hasHiddenCarry             whether hiddenCarry is read
//   keepsHiddenCarry           whether hiddenCarry is written
//   time, nextTime             t and the next step, to compare with lengths
//   hasCellCarry               0: dc_t is zero and is not read
// uses: lib/activations (sigmoid, safeTanh), recurrent/lib/lstm_cell (cellBackward),
//   recurrent/lib/lstm_update_backward (update), recurrent/lib/sequence_lengths (isActive, anyActive),
//   recurrent/lib/split_backward (splitProduct)
// provides: reached, SLICES

struct Params {
  batch: u32, hidden: u32, gate: u32, nextGate: u32, before: u32, current: u32,
  hasNext: u32, hasGradOutput: u32, hasHiddenCarry: u32,
  hasLengths: u32, time: u32, nextTime: u32, keepsHiddenCarry: u32, hasCellCarry: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gates: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read> cells: array<f32>;
@group(0) @binding(4) var<storage, read> gradOutput: array<f32>;
@group(0) @binding(5) var<storage, read_write> hiddenCarry: array<f32>;
@group(0) @binding(6) var<storage, read_write> cellCarry: array<f32>;
@group(0) @binding(7) var<storage, read> lengths: array<f32>;

const SLICES = 8u;

fn reached(grad: vec4f, weight: vec4f) -> f32 {
  return dot(grad, weight);
}

@compute @workgroup_size(16, SLICES)
fn lstm_split_backward(
  @builtin(local_invocation_id) local: vec3u,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let unit = group.x * 16u + local.x;
  let row = (group.y + group.z * groups.y) * 4u;
  let product = splitProduct(row, unit, local);
  if (local.y < 4u) { update(row + local.y, unit, product); }
}
