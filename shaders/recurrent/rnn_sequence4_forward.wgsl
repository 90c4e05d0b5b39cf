enable subgroups;
// rnn_sequence4_forward: many time steps of an Elman RNN in one dispatch, for version `sequence4`: subgroups of four lanes (SwiftShader), up to
// 256 units.
//
//   a = gates[t] + b_hh + h_{t-1}·W'
//   h_t = act(a)      act = tanh, or with relu = 1 max(·, 0)
//
// The loop over steps and rows is runSteps() in lib/sequence4_forward, which calls update() below for each row.
// A quad is four neighbouring units of one slot each.
// gates[t] arrives holding x_t·W_ihᵀ + b_ih.
// Past the end of a row's sequence its state stays.
//
// grid        x: batch / rows
// workgroup   `rows` batch rows, all units and all steps of the dispatch; it waits for no other workgroup
// subgroup    8 quads of units, 32 units, in all these rows and steps
// invocation  quads l and l + 4 of its subgroup's (l is its lane): 4 units each
// gates       read_write  [T][batch][hidden]; only read (read_write, as the backward pass writes it)
// weight      read        W'[k][j] as in rnn_step_forward: [hidden][hidden]
// bias        read        b_hh: [hidden]; only read where hasBias = 1
// hidden      read_write  h, f32
// lengths     read        steps of each sequence: [batch]; only read where HAS_LENGTHS = 1
// params: see lib/sequence4_forward; relu = 1: max(·, 0) in place of tanh
// uses: lib/activations (safeTanh), lib/relu (relu), recurrent/lib/sequence4_forward (runSteps, quadA, Place, Own, HAS_LENGTHS),
//   lib/lanes4_product (loadTile, rowProduct, QUADS), lib/lanes4_sum (transposeSum)
// provides: Units, Owned, unitsOf, ownedOf, quadB, quadBias, update

struct Params {
  batch: u32, hidden: u32, rows: u32, steps: u32, gate: u32, current: u32, stride: u32, before: u32, isRing: u32,
  hasBias: u32, time: u32, timeStride: u32, relu: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gates: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> hidden: array<f32>;
@group(0) @binding(5) var<storage, read> lengths: array<f32>;

// Units of a quad: four, which have one slot each. Past the last unit a lane computes the values of the last unit and does not store them.
// Rows need not begin at multiples of four, so a quad is read value by value.
alias Units = vec4u;
alias Owned = vec4<bool>;

fn quadUnits(quad: u32) -> vec4u { return 4u * quad + vec4u(0u, 1u, 2u, 3u); }
fn unitsOf(quad: u32) -> vec4u { return min(quadUnits(quad), vec4u(params.hidden - 1u)); }
fn ownedOf(quad: u32) -> vec4<bool> { return quadUnits(quad) < vec4u(params.hidden); }

// The weights from unit k to a quad; zero past the last unit.
fn quadB(k: u32, quad: u32) -> vec4f {
  let at = k * params.hidden + unitsOf(quad);
  return select(vec4f(), vec4f(weight[at.x], weight[at.y], weight[at.z], weight[at.w]), ownedOf(quad));
}

fn quadBias(units: vec4u) -> vec4f { return vec4f(bias[units.x], bias[units.y], bias[units.z], bias[units.w]); }

// Four lanes for every 32 units.
const LANES = 32u;

@compute @workgroup_size(LANES)
fn rnn_sequence4_forward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32,
          @builtin(subgroup_invocation_id) lane: u32) {
  runSteps(group.x, local, lane);
}

fn gatesOf(start: u32, units: vec4u) -> vec4f {
  let at = start + units;
  return vec4f(gates[at.x], gates[at.y], gates[at.z], gates[at.w]);
}

fn statesOf(start: u32, units: vec4u) -> vec4f {
  let at = start + units;
  return vec4f(hidden[at.x], hidden[at.y], hidden[at.z], hidden[at.w]);
}

fn activate(a: vec4f) -> vec4f {
  let squashed = vec4f(safeTanh(a.x), safeTanh(a.y), safeTanh(a.z), safeTanh(a.w));
  return select(squashed, vec4f(relu(a.x), relu(a.y), relu(a.z), relu(a.w)), params.relu != 0u);
}

fn update(at: Place, own: Own, product0: vec4f, product1: vec4f) {
  var hidden0 = activate(gatesOf(at.gate, own.units0) + product0);
  var hidden1 = activate(gatesOf(at.gate, own.units1) + product1);
  if (HAS_LENGTHS != 0u) {
    // Past a sequence's end the state stays.
    hidden0 = select(statesOf(at.before, own.units0), hidden0, at.isInside);
    hidden1 = select(statesOf(at.before, own.units1), hidden1, at.isInside);
  }
  // @unroll
  for (var i = 0u; i < 4u; i++) {
    if (own.owned0[i]) { hidden[at.state + own.units0[i]] = hidden0[i]; }
    if (own.owned1[i]) { hidden[at.state + own.units1[i]] = hidden1[i]; }
  }
}
