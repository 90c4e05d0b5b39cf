enable subgroups;
// lstm_sequence4_backward: many time steps of an LSTM layer backwards in one dispatch, for adapters whose subgroups have four lanes
// (SwiftShader) and layers of up to 256 units.
//
//   dh_t = dY[t] + dG[next]·W'ᵀ + hiddenCarry;   dG[t], dc_{t-1} = the cell's gradient from dh_t and dc_t
//
// gates, weight, cells, gradOutput, hiddenCarry, cellCarry and lengths hold what they hold in lstm_step_backward. Who owns what, and where
// steps lie, says sequence4_backward.
//
// grid         x: batch / rows
// gates        read_write  [T][batch][hidden] of vec4(i, f, g, o)
// weight       read        W'[k][j]: [hidden][hidden] of vec4
// cells        read        c, f32
// gradOutput   read        dY: [T][batch][hidden]; only read where hasGradOutput = 1
// hiddenCarry  read_write  [batch][hidden]            cellCarry  read_write  [batch][hidden]
// lengths      read        [batch]; only read where HAS_LENGTHS = 1
// partial      read_write  two blocks, taking turns from step to step, of [batch][subgroups][16·BLOCKS]

struct Params {
  batch: u32, hidden: u32, rows: u32, steps: u32, gate: u32, current: u32, stride: u32, nextGate: u32,
  hasNext: u32, hasBefore: u32, hasGradOutput: u32, hasHiddenCarry: u32, time: u32, timeStride: u32,
  hasCellCarry: u32,
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

fn quadGradient(start: u32, unit: u32) -> vec4f { return gates[start + unit]; }
fn partialSums(start: u32, unit: u32) -> f32 { return partial[start + unit]; }

// Four for every eight units.
const LANES = 32u;

@compute @workgroup_size(LANES)
fn lstm_sequence4_backward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32,
          @builtin(subgroup_invocation_id) lane: u32) {
  runSteps(group.x, local, lane);
}

fn update(at: Place, own: Own, product0: f32, product1: f32) {
  let hasCarry = select(KEEPS_CARRY, params.hasHiddenCarry, at.isFirst) != 0u;
  var grad0 = product0 + select(0.0, hiddenCarry[at.carry + own.units0], hasCarry);
  var grad1 = product1 + select(0.0, hiddenCarry[at.carry + own.units1], hasCarry);
  if (KEEPS_CARRY != 0u) {
    if (own.owned0) { hiddenCarry[at.carry + own.units0] = select(grad0, 0.0, at.isInside); }
    if (own.owned1) { hiddenCarry[at.carry + own.units1] = select(grad1, 0.0, at.isInside); }
  }
  let hasOutput = params.hasGradOutput != 0u;
  grad0 += select(0.0, gradOutput[at.gate + own.units0], hasOutput);
  grad1 += select(0.0, gradOutput[at.gate + own.units1], hasOutput);
  let hasCell = !at.isFirst || params.hasCellCarry != 0u;
  let carried0 = select(0.0, cellCarry[at.carry + own.units0], hasCell);
  let carried1 = select(0.0, cellCarry[at.carry + own.units1], hasCell);
  let before0 = select(0.0, cells[at.state + params.stride + own.units0], at.hasBefore);
  let before1 = select(0.0, cells[at.state + params.stride + own.units1], at.hasBefore);
  let result0 = cellBackward(gates[at.gate + own.units0], cells[at.state + own.units0], before0, grad0, carried0);
  let result1 = cellBackward(gates[at.gate + own.units1], cells[at.state + own.units1], before1, grad1, carried1);
  if (own.owned0) {
    gates[at.gate + own.units0] = select(vec4f(), result0.gates, at.isInside);
    cellCarry[at.carry + own.units0] = select(carried0, result0.before, at.isInside);
  }
  if (own.owned1) {
    gates[at.gate + own.units1] = select(vec4f(), result1.gates, at.isInside);
    cellCarry[at.carry + own.units1] = select(carried1, result1.before, at.isInside);
  }
}
