// rnn_step_backward: one time step of an Elman RNN backward, for version `step`: recurrent product and the cell's gradients in one dispatch.
//
//   dh_t = dY[t] + dG[next]·W'ᵀ + hiddenCarry
//   dG[t] = dh_t·act'(h_t)      act' = 1 - h², or with relu = 1 (h = 0 ? 0 : 1)
//
// The next step is t+1, or t-1 in the reverse direction.
// Past the end of a row's sequence dG is zero and the carries pass through.
//
// grid         x: hidden / (4·8), y (and z, past the limit): batch / (4·4)
// workgroup    8 × 4 invocations: 32 units, 16 batch rows
// invocation   4 units, 4 batch rows
// steps        one, t
// gates        read_write  dG: [T][batch][hidden]
// weight       read        W'[k][j] as in rnn_step_forward: [hidden][hidden]
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
// uses: recurrent/lib/rnn_update_backward (update), recurrent/lib/sequence_lengths (isActive, anyActive)

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

@compute @workgroup_size(8, 4)
fn rnn_step_backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let unit = id.x * 4u;
  let row = (id.y + id.z * groups.y * 4u) * 4u;
  if (unit >= params.hidden || row >= params.batch) { return; }

  // Rows and units outside read a valid element and are dropped in update().
  let lastRow = params.batch - 1u;
  var g0 = params.nextGate + row * params.hidden;
  var g1 = params.nextGate + min(row + 1u, lastRow) * params.hidden;
  var g2 = params.nextGate + min(row + 2u, lastRow) * params.hidden;
  var g3 = params.nextGate + min(row + 3u, lastRow) * params.hidden;
  let lastUnit = params.hidden - 1u;
  var w0 = unit * params.hidden;
  var w1 = min(unit + 1u, lastUnit) * params.hidden;
  var w2 = min(unit + 2u, lastUnit) * params.hidden;
  var w3 = min(unit + 3u, lastUnit) * params.hidden;

  // A vec4 over the units for each row.
  var sum0 = vec4f(); var sum1 = vec4f(); var sum2 = vec4f(); var sum3 = vec4f();
  let depth = select(0u, params.hidden * params.hasNext, anyActive(row, 4u, params.nextTime));
  for (var j = 0u; j < depth; j++) {
    let units = vec4f(weight[w0], weight[w1], weight[w2], weight[w3]);
    sum0 += gates[g0] * units; sum1 += gates[g1] * units;
    sum2 += gates[g2] * units; sum3 += gates[g3] * units;
    g0++; g1++; g2++; g3++; w0++; w1++; w2++; w3++;
  }

  // A loop, so that update() is compiled once.
  var sums = array<vec4f, 4>(sum0, sum1, sum2, sum3);
  for (var i = 0u; i < 16u; i++) {
    let product = sums[i / 4u][i % 4u];
    // Where the row has no next step dG is zero, and 0·∞ would be NaN.
    update(row + i / 4u, unit + i % 4u, select(0.0, product, isActive(row + i / 4u, params.nextTime)));
  }
}
