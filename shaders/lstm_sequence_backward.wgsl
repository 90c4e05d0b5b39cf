enable subgroups;
// lstm_sequence_backward: many time steps of an LSTM layer backwards in one dispatch, for adapters whose subgroups have four lanes
// (SwiftShader) and layers of up to 64 units.
//
//   dh_t = dY[t] + dG[next]·W'ᵀ + hiddenCarry;   dG[t], dc_{t-1} = the cell's gradient from dh_t and dc_t
//
// gates, weight, cells, gradOutput, hiddenCarry, cellCarry and lengths hold what they hold in lstm_step_backward. Workgroups, subgroups and lanes
// share the work as in lstm_sequence_forward: lane l keeps the weights that lead from the units j = 4m + l of the step after to the
// subgroup's 8 units.
//
// `gate` and `current` are the offsets of the first step's gates (in vec4s) and cells; each step lies `stride` after the one before
// (modulo 2³²: towards earlier steps, as a rule), the gradient it needs `stride` before, but the first step's at `nextGate`, the cell before
// it `stride` after. Of the steps of a dispatch,
// hasNext, hasCellCarry and hasHiddenCarry speak of the first, hasBefore of the last; the others have it, and a hiddenCarry where it is kept.
//
// grid         x: batch / rows
// gates        read_write  [T][batch][hidden] of vec4(i, f, g, o)
// weight       read        W'[k][j]: [hidden][hidden] of vec4
// cells        read        c, f32
// gradOutput   read        dY: [T][batch][hidden]; only read where hasGradOutput = 1
// hiddenCarry  read_write  [batch][hidden]            cellCarry  read_write  [batch][hidden]
// lengths      read        [batch]; only read where hasLengths = 1; `time` is the first step, `timeStride` leads to the next

struct Params {
  batch: u32, hidden: u32, rows: u32, steps: u32, gate: u32, current: u32, stride: u32, nextGate: u32,
  hasNext: u32, hasBefore: u32, hasGradOutput: u32, hasHiddenCarry: u32, keepsHiddenCarry: u32, hasCellCarry: u32,
  hasLengths: u32, time: u32, timeStride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gates: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read> cells: array<f32>;
@group(0) @binding(4) var<storage, read> gradOutput: array<f32>;
@group(0) @binding(5) var<storage, read_write> hiddenCarry: array<f32>;
@group(0) @binding(6) var<storage, read_write> cellCarry: array<f32>;
@group(0) @binding(7) var<storage, read> lengths: array<f32>;

// A quarter of the units, rounded up; and four lanes for every eight units.
const DEPTH = 16u;
const LANES = 32u;
// 8·DEPTH
const WEIGHTS = 128u;
// What is never asked for is left out: SwiftShader runs through both sides of a branch.
const HAS_LENGTHS = 1u;
const HAS_CARRY = 1u;
const HAS_OUTPUT = 1u;

@compute @workgroup_size(LANES)
fn lstm_sequence_backward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32,
          @builtin(subgroup_invocation_id) lane: u32) {
  let first = (local >> 2u) * 8u;
  let last = params.hidden - 1u;
  var loaded: array<vec4f, WEIGHTS>;
  for (var m = 0u; m < DEPTH; m++) {
    let j = 4u * m + lane;
    // @unroll
    for (var u = 0u; u < 8u; u++) {
      loaded[u * DEPTH + m] = select(vec4f(), weight[min(first + u, last) * params.hidden + min(j, last)], j <= last);
    }
  }
  // Copied to where every index is a constant: only then does a product take its weight without another load.
  var weights: array<vec4f, WEIGHTS>;
  // @unroll
  for (var i = 0u; i < WEIGHTS; i++) { weights[i] = loaded[i]; }

  // Lanes past the last unit compute that one's values and keep them to themselves.
  let unit0 = min(first + lane, last);
  let unit1 = min(first + lane + 4u, last);
  for (var step = 0u; step < params.steps; step++) {
    // dG of the step after comes from all subgroups.
    if (step > 0u) { storageBarrier(); }
    let next = select(params.gate + (step - 1u) * params.stride, params.nextGate, step == 0u);
    for (var row = group.x * params.rows; row < min((group.x + 1u) * params.rows, params.batch); row++) {
      var sum0 = 0.0;
      var sum1 = 0.0;
      if (step > 0u || params.hasNext != 0u) {
        let start = next + row * params.hidden;
        var gradient: array<vec4f, DEPTH>;
        // @unroll
        for (var m = 0u; m < DEPTH; m++) { gradient[m] = gates[start + min(4u * m + lane, last)]; }
        var sums: array<f32, 8>;
        // @unroll
        for (var u = 0u; u < 8u; u++) {
          var sum = 0.0;
          // @unroll
          for (var m = 0u; m < DEPTH; m++) { sum += dot(gradient[m], weights[u * DEPTH + m]); }
          sums[u] = sum;
        }
        sum0 = transposeSum(sums[0], sums[1], sums[2], sums[3], lane);
        sum1 = transposeSum(sums[4], sums[5], sums[6], sums[7], lane);
      }
      let carry = row * params.hidden;
      let state = params.current + step * params.stride + carry;
      let gate = params.gate + step * params.stride + carry;
      var inside = true;
      if (HAS_LENGTHS != 0u) { inside = isActive(row, params.time + step * params.timeStride); }
      if (HAS_CARRY != 0u) {
        let hasCarry = select(params.keepsHiddenCarry, params.hasHiddenCarry, step == 0u) != 0u;
        sum0 += select(0.0, hiddenCarry[carry + unit0], hasCarry);
        sum1 += select(0.0, hiddenCarry[carry + unit1], hasCarry);
        if (params.keepsHiddenCarry != 0u) {
          if (first + lane <= last) { hiddenCarry[carry + unit0] = select(sum0, 0.0, inside); }
          if (first + lane + 4u <= last) { hiddenCarry[carry + unit1] = select(sum1, 0.0, inside); }
        }
      }
      if (HAS_OUTPUT != 0u && params.hasGradOutput != 0u) {
        sum0 += gradOutput[gate + unit0];
        sum1 += gradOutput[gate + unit1];
      }
      let hasCell = step > 0u || params.hasCellCarry != 0u;
      let hasBefore = step + 1u < params.steps || params.hasBefore != 0u;
      let carried0 = select(0.0, cellCarry[carry + unit0], hasCell);
      let carried1 = select(0.0, cellCarry[carry + unit1], hasCell);
      let before0 = select(0.0, cells[state + params.stride + unit0], hasBefore);
      let before1 = select(0.0, cells[state + params.stride + unit1], hasBefore);
      let result0 = cellBackward(gates[gate + unit0], cells[state + unit0], before0, sum0, carried0);
      let result1 = cellBackward(gates[gate + unit1], cells[state + unit1], before1, sum1, carried1);
      if (first + lane <= last) {
        gates[gate + unit0] = select(vec4f(), result0.gates, inside);
        cellCarry[carry + unit0] = select(carried0, result0.before, inside);
      }
      if (first + lane + 4u <= last) {
        gates[gate + unit1] = select(vec4f(), result1.gates, inside);
        cellCarry[carry + unit1] = select(carried1, result1.before, inside);
      }
    }
  }
}
