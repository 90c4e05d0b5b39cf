// lstm_step_backward: one time step of an LSTM layer backwards, the recurrent product and the cell's gradient fused.
//
//   dh_t = dY[t] + dG[t+1]·W'ᵀ                (for the last step dh_N in place of the product)
//   dG[t], dc_{t-1} = the cell's gradient from dh_t and dc_t
//
// gates[t] arrives holding i, f, g, o and leaves holding dG[t], the gradients of the preactivations.
// carry holds dc_t on entry (hasCarry = 1; else it is zero) and dc_{t-1} on exit.
//
// grid        x: hidden / (2·8), y: batch / (4·4);   one invocation owns 4 batch rows × 2 units
// gates       read_write  [T][batch][hidden] of vec4(i, f, g, o); `gate` and `nextGate` are offsets in vec4s
// weight      read        W'[k][j]: [hidden][hidden] of vec4 (see lstm_step_forward)
// cells       read        c, f32, step after step of [batch][hidden]; offsets `current` and `before`
// gradOutput  read        dY: [T][batch][hidden]; `gradOffset` is step t's; only read where hasGradOutput = 1
// gradHidden  read        dh_N: [batch][hidden]; only read where hasGradHidden = 1 (at the last step)
// carry       read_write  [batch][hidden]

struct Params {
  batch: u32, hidden: u32, gate: u32, before: u32, current: u32, gradOffset: u32,
  hasNext: u32, hasBefore: u32, hasGradOutput: u32, hasGradHidden: u32, hasCarry: u32, nextGate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gates: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read> cells: array<f32>;
@group(0) @binding(4) var<storage, read> gradOutput: array<f32>;
@group(0) @binding(5) var<storage, read> gradHidden: array<f32>;
@group(0) @binding(6) var<storage, read_write> carry: array<f32>;

@compute @workgroup_size(8, 4)
fn lstm_step_backward(@builtin(global_invocation_id) id: vec3u) {
  let unit = id.x * 2u;
  let row = id.y * 4u;
  if (unit >= params.hidden || row >= params.batch) { return; }

  // Rows and units outside read a valid element and are dropped in update().
  let lastRow = params.batch - 1u;
  var g0 = params.nextGate + row * params.hidden;
  var g1 = params.nextGate + min(row + 1u, lastRow) * params.hidden;
  var g2 = params.nextGate + min(row + 2u, lastRow) * params.hidden;
  var g3 = params.nextGate + min(row + 3u, lastRow) * params.hidden;
  var w0 = unit * params.hidden;
  var w1 = min(unit + 1u, params.hidden - 1u) * params.hidden;

  // One partial sum for each gate; update() adds the four.
  var sum00 = vec4f(); var sum01 = vec4f();
  var sum10 = vec4f(); var sum11 = vec4f();
  var sum20 = vec4f(); var sum21 = vec4f();
  var sum30 = vec4f(); var sum31 = vec4f();
  let depth = params.hidden * params.hasNext;
  for (var j = 0u; j < depth; j++) {
    let left = weight[w0];
    let right = weight[w1];
    let row0 = gates[g0];
    let row1 = gates[g1];
    let row2 = gates[g2];
    let row3 = gates[g3];
    sum00 += row0 * left; sum01 += row0 * right;
    sum10 += row1 * left; sum11 += row1 * right;
    sum20 += row2 * left; sum21 += row2 * right;
    sum30 += row3 * left; sum31 += row3 * right;
    g0++; g1++; g2++; g3++; w0++; w1++;
  }

  // In a loop, so that what it calls is compiled once.
  var sums = array<vec4f, 8>(
    sum00, sum01, sum10, sum11,
    sum20, sum21, sum30, sum31,
  );
  for (var i = 0u; i < 8u; i++) {
    update(row + i / 2u, unit + i % 2u, sums[i]);
  }
}
