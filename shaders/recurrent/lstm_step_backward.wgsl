// lstm_step_backward: one time step of an LSTM layer backwards, the recurrent product and the cell's gradient fused.
//
//   dh_t = dY[t] + dG[next]·W'ᵀ + hiddenCarry;   dG[t], dc_{t-1} = the cell's gradient from dh_t and dc_t
//
// gates[t] arrives holding i, f, g, o and leaves holding dG[t], the gradients of the preactivations. The next step is t+1, or t-1
// in the reverse direction. cellCarry holds dc_t on entry (hasCellCarry = 1; else it is zero) and dc_{t-1} on exit.
//
// grid         x: hidden / (2·8), y: batch / (4·4);   one invocation owns 4 batch rows × 2 units
// gates        read_write  [T][batch][hidden] of vec4(i, f, g, o); `gate` and `nextGate` are offsets in vec4s
// weight       read        W'[k][j]: [hidden][hidden] of vec4 (see lstm_step_forward)
// cells        read        c, f32, step after step of [batch][hidden]; offsets `current` and `before`
// gradOutput   read        dY: [T][batch][hidden]; only read where hasGradOutput = 1
// hiddenCarry  read_write  [batch][hidden]: dh_N at first, then what passes a sequence's end; read where hasHiddenCarry = 1, written
//                          where keepsHiddenCarry = 1
// cellCarry    read_write  [batch][hidden]
// lengths      read        steps of each sequence: [batch]; only read where hasLengths = 1. Past a sequence's end dG is zero and both carries
//                          pass through; `time` is this step, `nextTime` the one processed after it

struct Params {
  batch: u32, hidden: u32, gate: u32, nextGate: u32, before: u32, current: u32,
  hasNext: u32, hasBefore: u32, hasGradOutput: u32, hasHiddenCarry: u32,
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

@compute @workgroup_size(8, 4)
fn lstm_step_backward(@builtin(global_invocation_id) id: vec3u) {
  let unit = id.x * 2u;
  let row = id.y * 4u;
  if (unit >= params.hidden || row >= params.batch) { return; }
  let depth = select(0u, params.hidden * params.hasNext, anyActive(row, 4u, params.nextTime));
  var sums = recurrentProduct(row, unit, depth);
  // In a loop, so that what it calls is compiled once.
  for (var i = 0u; i < 8u; i++) {
    let sum = sums[i];
    update(row + i / 2u, unit + i % 2u, sum.x + sum.y + sum.z + sum.w);
  }
}
