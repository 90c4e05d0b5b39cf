enable subgroups;
// lstm_sequence_backward: many time steps of an LSTM layer backwards in one dispatch, for adapters whose subgroups have four lanes
// (SwiftShader) and layers of up to 256 units.
//
//   dh_t = dY[t] + dG[next]·W'ᵀ + hiddenCarry;   dG[t], dc_{t-1} = the cell's gradient from dh_t and dc_t
//
// gates, weight, cells, gradOutput, hiddenCarry, cellCarry and lengths hold what they hold in lstm_step_backward. Workgroups own rows and
// subgroups units as in lstm_sequence_forward, lane l the units l and l + 4 of a subgroup. A subgroup knows dG of its own units, and loads the
// weights that lead from those back to all units once; lane l keeps those to the units k = 16c + 4l + i, c < BLOCKS, i < 4. Of every step it
// adds up what its own units have to say to all, and leaves it in `partial`; after a barrier everyone adds up what is left for its own. The
// other way round each subgroup would load dG of all units, four times as many values as `partial` has.
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
// partial      read_write  two blocks, taking turns from step to step, of [batch][subgroups][16·BLOCKS]
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
@group(0) @binding(8) var<storage, read_write> partial: array<f32>;

// A sixteenth of the units, rounded up.
const BLOCKS = 4u;
// One for every eight units.
const SUBGROUPS = 8u;
const LANES = 32u;
// 4·BLOCKS
const COLUMNS = 16u;
// 8·COLUMNS
const WEIGHTS = 128u;
// What is never asked for is left out: SwiftShader runs through both sides of a branch.
const HAS_LENGTHS = 1u;
const HAS_CARRY = 1u;
const HAS_OUTPUT = 1u;

@compute @workgroup_size(LANES)
fn lstm_sequence_backward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32,
          @builtin(subgroup_invocation_id) lane: u32) {
  let subgroup = local >> 2u;
  let first = subgroup * 8u;
  let last = params.hidden - 1u;
  var loaded: array<vec4f, WEIGHTS>;
  for (var c = 0u; c < COLUMNS; c++) {
    let k = 4u * (c & ~3u) + 4u * lane + (c & 3u);
    for (var u = 0u; u < 8u; u++) {
      let inside = k <= last && first + u <= last;
      loaded[c * 8u + u] = select(vec4f(), weight[min(k, last) * params.hidden + min(first + u, last)], inside);
    }
  }
  // Copied to where every index is a constant: only then does a product take its factor without another load.
  var weights: array<vec4f, WEIGHTS>;
  // @unroll
  for (var i = 0u; i < WEIGHTS; i++) { weights[i] = loaded[i]; }

  // Lanes past the last unit compute that one's values and keep them to themselves.
  let unit0 = min(first + lane, last);
  let unit1 = min(first + lane + 4u, last);
  let lastRow = min((group.x + 1u) * params.rows, params.batch);
  for (var step = 0u; step < params.steps; step++) {
    let hasNext = step > 0u || params.hasNext != 0u;
    let turn = (step & 1u) * params.batch;
    if (hasNext) {
      let next = select(params.gate + (step - 1u) * params.stride, params.nextGate, step == 0u);
      for (var row = group.x * params.rows; row < lastRow; row++) {
        let own0 = gates[next + row * params.hidden + unit0];
        let own1 = gates[next + row * params.hidden + unit1];
        var gradient: array<vec4f, 8>;
        // @unroll
        for (var u = 0u; u < 4u; u++) {
          gradient[u] = subgroupBroadcast(own0, u);
          gradient[u + 4u] = subgroupBroadcast(own1, u);
        }
        let at = ((turn + row) * SUBGROUPS + subgroup) * 4u * COLUMNS + 4u * lane;
        // @unroll
        for (var c = 0u; c < COLUMNS; c++) {
          var sum = 0.0;
          // @unroll
          for (var u = 0u; u < 8u; u++) { sum += dot(gradient[u], weights[c * 8u + u]); }
          partial[at + c / 4u * 16u + c % 4u] = sum;
        }
      }
      storageBarrier();
    }
    for (var row = group.x * params.rows; row < lastRow; row++) {
      var sum0 = 0.0;
      var sum1 = 0.0;
      let at = (turn + row) * SUBGROUPS * 4u * COLUMNS;
      // @unroll
      for (var s = 0u; s < SUBGROUPS; s++) {
        sum0 += partial[at + s * 4u * COLUMNS + unit0];
        sum1 += partial[at + s * 4u * COLUMNS + unit1];
      }
      sum0 = select(0.0, sum0, hasNext);
      sum1 = select(0.0, sum1, hasNext);
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
