// rnn_step_backward: one time step of an Elman RNN layer backwards, the recurrent product and the nonlinearity's gradient fused.
//
//   dG[t] = (dY[t] + dG[next]·W'ᵀ + hiddenCarry)·act'(h_t)      act' = 1 - h², or with relu = 1 (h > 0)
//
// The next step is t+1, or t-1 in the reverse direction.
//
// grid         x: hidden / (4·8), y: batch / (4·4);   one invocation owns 4 batch rows × 4 units
// gates        read_write  dG: [T][batch][hidden]; `gate` and `nextGate` are offsets
// weight       read        W'[k][j]: [hidden][hidden] (see rnn_step_forward)
// hidden       read        h, step after step of [batch][hidden]; offset `current`
// gradOutput   read        dY: [T][batch][hidden]; only read where hasGradOutput = 1
// hiddenCarry  read_write  [batch][hidden]: dh_N at first, then what passes a sequence's end; read where hasHiddenCarry = 1, written
//                          where keepsHiddenCarry = 1
// lengths      read        steps of each sequence: [batch]; only read where hasLengths = 1. Past a sequence's end dG is zero and both carries
//                          pass through; `time` is this step, `nextTime` the one processed after it

struct Params {
  batch: u32, hidden: u32, gate: u32, nextGate: u32, before: u32, current: u32,
  hasNext: u32, hasBefore: u32, hasGradOutput: u32, hasHiddenCarry: u32,
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
fn rnn_step_backward(@builtin(global_invocation_id) id: vec3u) {
  let unit = id.x * 4u;
  let row = id.y * 4u;
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

  // In a loop, so that what it calls is compiled once.
  var sums = array<vec4f, 4>(sum0, sum1, sum2, sum3);
  for (var i = 0u; i < 16u; i++) {
    update(row + i / 4u, unit + i % 4u, sums[i / 4u][i % 4u]);
  }
}
