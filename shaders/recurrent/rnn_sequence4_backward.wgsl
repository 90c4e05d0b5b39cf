enable subgroups;
// rnn_sequence4_backward: many time steps of an Elman RNN backward in one dispatch, for version `sequence4`: subgroups of four lanes
// (SwiftShader), up to 256 units.
//
//   dh_t = dY[t] + dG[next]·W'ᵀ + hiddenCarry
//   dG[t] = dh_t·act'(h_t)      act' = 1 - h², or with relu = 1 (h = 0 ? 0 : 1)
//
// The loop over steps and rows is runSteps() in lib/sequence4_backward, which calls update() below for each row.
// A quad is four neighbouring units of one slot each.
// Past the end of a row's sequence dG is zero and the carries pass through.
//
// grid         x: batch / rows
// workgroup    `rows` batch rows, all units and all steps of the dispatch; it waits for no other workgroup
// subgroup     8 quads of units, 32 units, in all these rows and steps
// invocation   quads l and l + 4 of its subgroup's (l is its lane): 4 units each
// gates        read_write  dG: [T][batch][hidden]
// weight       read        W'[k][j] as in rnn_step_forward: [hidden][hidden]
// hidden       read        h, f32
// gradOutput   read        dY: [T][batch][hidden]; only read where hasGradOutput = 1
// hiddenCarry  read_write  [batch][hidden]: as in rnn_step_backward; written where KEEPS_CARRY = 1
// lengths      read        steps of each sequence: [batch]; only read where HAS_LENGTHS = 1
// partial      read_write  [2][batch][subgroups][16·BLOCKS]: sums that subgroups exchange; steps use the two blocks in turn
// params: see lib/sequence4_backward; relu = 1: the derivative of max(·, 0) in place of that of tanh
// uses: recurrent/lib/sequence4_backward (runSteps, Place, Own, KEEPS_CARRY)
// provides: Units, Owned, Values, unitsOf, ownedOf, quadB, quadGradient, partialSums, update

struct Params {
  batch: u32, hidden: u32, rows: u32, steps: u32, gate: u32, current: u32, stride: u32, nextGate: u32,
  hasNext: u32, hasGradOutput: u32, hasHiddenCarry: u32, time: u32, timeStride: u32,
  relu: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gates: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> hidden: array<f32>;
@group(0) @binding(4) var<storage, read> gradOutput: array<f32>;
@group(0) @binding(5) var<storage, read_write> hiddenCarry: array<f32>;
@group(0) @binding(6) var<storage, read> lengths: array<f32>;
@group(0) @binding(7) var<storage, read_write> partial: array<f32>;

// Units of a quad: four, which have one slot each. Past the last unit a lane computes the values of the last unit and does not store them.
// Rows need not begin at multiples of four, so a quad is read value by value.
alias Units = vec4u;
alias Owned = vec4<bool>;
// A value for each unit of a quad.
alias Values = vec4f;

fn quadUnits(quad: u32) -> vec4u { return 4u * quad + vec4u(0u, 1u, 2u, 3u); }
fn unitsOf(quad: u32) -> vec4u { return min(quadUnits(quad), vec4u(params.hidden - 1u)); }
fn ownedOf(quad: u32) -> vec4<bool> { return quadUnits(quad) < vec4u(params.hidden); }

// The weights from unit k to a quad; zero past the last unit.
fn quadB(k: u32, quad: u32) -> vec4f {
  let at = k * params.hidden + unitsOf(quad);
  return select(vec4f(), vec4f(weight[at.x], weight[at.y], weight[at.z], weight[at.w]), ownedOf(quad));
}

fn quadGradient(start: u32, units: vec4u) -> vec4f {
  let at = start + units;
  return vec4f(gates[at.x], gates[at.y], gates[at.z], gates[at.w]);
}

fn partialSums(start: u32, units: vec4u) -> vec4f {
  let at = start + units;
  return vec4f(partial[at.x], partial[at.y], partial[at.z], partial[at.w]);
}

fn carriedTo(start: u32, units: vec4u) -> vec4f {
  let at = start + units;
  return vec4f(hiddenCarry[at.x], hiddenCarry[at.y], hiddenCarry[at.z], hiddenCarry[at.w]);
}

fn outputGradient(start: u32, units: vec4u) -> vec4f {
  let at = start + units;
  return vec4f(gradOutput[at.x], gradOutput[at.y], gradOutput[at.z], gradOutput[at.w]);
}

// grad·act'(h) of a quad.
fn throughActivation(grad: vec4f, start: u32, units: vec4u) -> vec4f {
  let at = start + units;
  let h = vec4f(hidden[at.x], hidden[at.y], hidden[at.z], hidden[at.w]);
  return select(grad * (1.0 - h * h), select(grad, vec4f(), bitcast<vec4u>(h) == vec4u()), params.relu != 0u);
}

// Four lanes for every 32 units.
const LANES = 32u;

@compute @workgroup_size(LANES)
fn rnn_sequence4_backward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32,
          @builtin(subgroup_invocation_id) lane: u32) {
  runSteps(group.x, local, lane);
}

fn update(at: Place, own: Own, product0: vec4f, product1: vec4f) {
  let hasCarry = select(KEEPS_CARRY, params.hasHiddenCarry, at.isFirst) != 0u;
  var grad0 = product0 + select(vec4f(), carriedTo(at.carry, own.units0), hasCarry);
  var grad1 = product1 + select(vec4f(), carriedTo(at.carry, own.units1), hasCarry);
  if (KEEPS_CARRY != 0u) {
    // @unroll
    for (var i = 0u; i < 4u; i++) {
      if (own.owned0[i]) { hiddenCarry[at.carry + own.units0[i]] = select(grad0[i], 0.0, at.isInside); }
      if (own.owned1[i]) { hiddenCarry[at.carry + own.units1[i]] = select(grad1[i], 0.0, at.isInside); }
    }
  }
  let hasOutput = params.hasGradOutput != 0u;
  grad0 += select(vec4f(), outputGradient(at.gate, own.units0), hasOutput);
  grad1 += select(vec4f(), outputGradient(at.gate, own.units1), hasOutput);
  let result0 = select(vec4f(), throughActivation(grad0, at.state, own.units0), at.isInside);
  let result1 = select(vec4f(), throughActivation(grad1, at.state, own.units1), at.isInside);
  // @unroll
  for (var i = 0u; i < 4u; i++) {
    if (own.owned0[i]) { gates[at.gate + own.units0[i]] = result0[i]; }
    if (own.owned1[i]) { gates[at.gate + own.units1[i]] = result1[i]; }
  }
}
