enable subgroups;
// lstm_sequence4_forward: many time steps of an LSTM in one dispatch, for version `sequence4`: subgroups of four lanes (SwiftShader), up to
// 256 units.
//
//   a = gates[t] + b_hh + h_{t-1}·W'
//   i, f, o = σ(a_i), σ(a_f), σ(a_o);  g = tanh(a_g);  c_t = f·c_{t-1} + i·g;  h_t = o·tanh(c_t)
//
// The loop over steps and rows is runSteps() in lib/sequence4_forward, which calls update() below for each row.
// A quad is the four slots of one unit.
// gates[t] arrives holding x_t·W_ihᵀ + b_ih and leaves holding i, f, g, o, which the backward pass needs.
// Past the end of a row's sequence its state stays and its gates are zero.
//
// grid        x: batch / rows
// workgroup   `rows` batch rows, all units and all steps of the dispatch; it waits for no other workgroup
// subgroup    8 quads of units, 8 units, in all these rows and steps
// invocation  quads l and l + 4 of its subgroup's (l is its lane): one unit each
// gates       read_write  [T][batch][hidden] of vec4(i, f, g, o)
// weight      read        W'[k][j] as in lstm_step_forward: [hidden][hidden] of vec4
// bias        read        b_hh: [hidden] of vec4; only read where hasBias = 1
// hidden      read_write  h, f32
// cells       read_write  c, f32
// lengths     read        steps of each sequence: [batch]; only read where HAS_LENGTHS = 1
// params: see lib/sequence4_forward
// uses: lib/activations (sigmoid, safeTanh), recurrent/lib/lstm_cell (activateGates),
//   recurrent/lib/sequence4_forward (runSteps, quadA, Place, Own, HAS_LENGTHS), lib/lanes4_product (loadTile, rowProduct, QUADS),
//   lib/lanes4_sum (transposeSum)
// provides: Units, Owned, unitsOf, ownedOf, quadB, quadBias, update

struct Params {
  batch: u32, hidden: u32, rows: u32, steps: u32, gate: u32, current: u32, stride: u32, before: u32, isRing: u32,
  hasBias: u32, time: u32, timeStride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gates: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> hidden: array<f32>;
@group(0) @binding(5) var<storage, read_write> cells: array<f32>;
@group(0) @binding(6) var<storage, read> lengths: array<f32>;

// Units of a quad: one, which has four slots. Past the last unit a lane computes the values of the last unit and does not store them.
alias Units = u32;
alias Owned = bool;

fn unitsOf(quad: u32) -> u32 { return min(quad, params.hidden - 1u); }
fn ownedOf(quad: u32) -> bool { return quad < params.hidden; }

// The weights from unit k to a quad; zero past the last unit.
fn quadB(k: u32, quad: u32) -> vec4f { return select(vec4f(), weight[k * params.hidden + unitsOf(quad)], ownedOf(quad)); }

fn quadBias(unit: u32) -> vec4f { return bias[unit]; }

// Four lanes for every eight units.
const LANES = 32u;

@compute @workgroup_size(LANES)
fn lstm_sequence4_forward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32,
          @builtin(subgroup_invocation_id) lane: u32) {
  runSteps(group.x, local, lane);
}

fn update(at: Place, own: Own, product0: vec4f, product1: vec4f) {
  let before0 = cells[at.before + own.units0];
  let before1 = cells[at.before + own.units1];
  var gates0 = activateGates(gates[at.gate + own.units0] + product0);
  var gates1 = activateGates(gates[at.gate + own.units1] + product1);
  var cell0 = gates0.x * gates0.z + gates0.y * before0;
  var cell1 = gates1.x * gates1.z + gates1.y * before1;
  var hidden0 = gates0.w * safeTanh(cell0);
  var hidden1 = gates1.w * safeTanh(cell1);
  if (HAS_LENGTHS != 0u) {
    // Past a sequence's end the state stays.
    hidden0 = select(hidden[at.before + own.units0], hidden0, at.isInside);
    hidden1 = select(hidden[at.before + own.units1], hidden1, at.isInside);
    cell0 = select(before0, cell0, at.isInside);
    cell1 = select(before1, cell1, at.isInside);
    gates0 = select(vec4f(), gates0, at.isInside);
    gates1 = select(vec4f(), gates1, at.isInside);
  }
  if (own.owned0) {
    gates[at.gate + own.units0] = gates0;
    cells[at.state + own.units0] = cell0;
    hidden[at.state + own.units0] = hidden0;
  }
  if (own.owned1) {
    gates[at.gate + own.units1] = gates1;
    cells[at.state + own.units1] = cell1;
    hidden[at.state + own.units1] = hidden1;
  }
}
