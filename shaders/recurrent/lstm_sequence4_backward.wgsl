enable subgroups;
// lstm_sequence4_backward: many time steps of an LSTM backward in one dispatch, for version `sequence4`: subgroups of four lanes
// (SwiftShader), up to 256 units.
//
//   dh_t = dY[t] + dG[next]·W'ᵀ + hiddenCarry
//   dc = dc_t + dh_t·o·(1 - tanh²(c_t));  do = dh_t·tanh(c_t)·o·(1 - o);  di = dc·g·i·(1 - i);  df = dc·c_{t-1}·f·(1 - f);
//   dg = dc·i·(1 - g²);  dc_{t-1} = dc·f
//
// The loop over steps and rows is runSteps() in lib/sequence4_backward, which calls update() below for each row.
// A quad is the four slots of one unit.
// gates[t] arrives holding i, f, g, o and leaves holding dG[t] = di, df, dg, do, the gradients of the preactivations.
// Past the end of a row's sequence dG is zero and the carries pass through.
//
// grid         x: batch / rows
// workgroup    `rows` batch rows, all units and all steps of the dispatch; it waits for no other workgroup
// subgroup     8 quads of units, 8 units, in all these rows and steps
// invocation   quads l and l + 4 of its subgroup's (l is its lane): one unit each
// gates        read_write  [T][batch][hidden] of vec4(i, f, g, o), then dG
// weight       read        W'[k][j] as in lstm_step_forward: [hidden][hidden] of vec4
// cells        read        c, f32
// gradOutput   read        dY: [T][batch][hidden]; only read where hasGradOutput = 1
// hiddenCarry  read_write  [batch][hidden]: as in lstm_step_backward; written where KEEPS_CARRY = 1
// cellCarry    read_write  [batch][hidden]: dc_t before a step, dc_{t-1} after it
// lengths      read        steps of each sequence: [batch]; only read where HAS_LENGTHS = 1
// partial      read_write  [2][batch][subgroups][16·BLOCKS]: sums that subgroups exchange; steps use the two blocks in turn
// params: see lib/sequence4_backward; hasCellCarry = 0: dc of the first step is zero and is not read
// uses: lib/activations (sigmoid, safeTanh), recurrent/lib/lstm_cell (cellBackward),
//   recurrent/lib/sequence4_backward (runSteps, Place, Own, KEEPS_CARRY)
// provides: Units, Owned, Values, unitsOf, ownedOf, quadB, quadGradient, partialSums, update

struct Params {
  batch: u32, hidden: u32, rows: u32, steps: u32, gate: u32, current: u32, stride: u32, nextGate: u32,
  hasNext: u32, hasGradOutput: u32, hasHiddenCarry: u32, time: u32, timeStride: u32,
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

// Units of a quad: one, which has four slots. Past the last unit a lane computes the values of the last unit and does not store them.
alias Units = u32;
alias Owned = bool;
// A value for each unit of a quad.
alias Values = f32;

fn unitsOf(quad: u32) -> u32 { return min(quad, params.hidden - 1u); }
fn ownedOf(quad: u32) -> bool { return quad < params.hidden; }

// The weights from unit k to a quad; zero past the last unit.
fn quadB(k: u32, quad: u32) -> vec4f { return select(vec4f(), weight[k * params.hidden + unitsOf(quad)], ownedOf(quad)); }

fn quadGradient(start: u32, unit: u32) -> vec4f { return gates[start + unit]; }
fn partialSums(start: u32, unit: u32) -> f32 { return partial[start + unit]; }

// Four lanes for every eight units.
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
  let before0 = cells[at.state + params.stride + own.units0];
  let before1 = cells[at.state + params.stride + own.units1];
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
