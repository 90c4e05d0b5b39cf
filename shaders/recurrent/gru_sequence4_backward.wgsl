enable subgroups;
// gru_sequence4_backward: many time steps of a GRU backward in one dispatch, for version `sequence4`: subgroups of four lanes
// (SwiftShader), up to 256 units.
//
//   dh_t = dY[t] + dG[next]·W'ᵀ + hiddenCarry
//   dn = (dh_t - dh_t·z)·(1 - n²);  dz = dh_t·(h_{t-1} - n)·z·(1 - z);  dr = dn·q·r·(1 - r);  dq = dn·r
//
// The loop over steps and rows is runSteps() in lib/sequence4_backward, which calls update() below for each row.
// A quad is the four slots of one unit.
// gates[t] arrives holding r, z, n, q and leaves holding dG[t] = dr, dz, dn, dq, the gradients of the preactivations. The products with W_ih skip
// q and those with W_hh skip n, where they are zero.
// Past the end of a row's sequence dG is zero and the carries pass through.
//
// grid         x: batch / rows
// workgroup    `rows` batch rows, all units and all steps of the dispatch; it waits for no other workgroup
// subgroup     8 quads of units, 8 units, in all these rows and steps
// invocation   quads l and l + 4 of its subgroup's (l is its lane): one unit each
// gates        read_write  [T][batch][hidden] of vec4(r, z, n, q), then dG
// weight       read        W'[k][j] as in gru_step_forward: [hidden][hidden] of vec4
// hidden       read        h, f32
// gradOutput   read        dY: [T][batch][hidden]; only read where hasGradOutput = 1
// hiddenCarry  read_write  [batch][hidden]: as in gru_step_backward; every step but the first of a dispatch reads it
// lengths      read        steps of each sequence: [batch]; only read where HAS_LENGTHS = 1
// partial      read_write  [2][batch][subgroups][16·BLOCKS]: sums that subgroups exchange; steps use the two blocks in turn
// params: see lib/sequence4_backward
// uses: recurrent/lib/sequence4_backward (runSteps, Place, Own)
// provides: Units, Owned, Values, unitsOf, ownedOf, quadB, quadGradient, partialSums, update

struct Params {
  batch: u32, hidden: u32, rows: u32, steps: u32, gate: u32, current: u32, stride: u32, nextGate: u32,
  hasNext: u32, hasGradOutput: u32, hasHiddenCarry: u32, time: u32, timeStride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gates: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read> hidden: array<f32>;
@group(0) @binding(4) var<storage, read> gradOutput: array<f32>;
@group(0) @binding(5) var<storage, read_write> hiddenCarry: array<f32>;
@group(0) @binding(6) var<storage, read> lengths: array<f32>;
@group(0) @binding(7) var<storage, read_write> partial: array<f32>;

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
fn gru_sequence4_backward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32,
          @builtin(subgroup_invocation_id) lane: u32) {
  runSteps(group.x, local, lane);
}

fn gateGradients(gate: vec4f, before: f32, grad: f32) -> vec4f {
  let r = gate.x; let z = gate.y; let n = gate.z; let q = gate.w;
  let gradN = (grad - grad * z) * (1.0 - n * n);
  return vec4f(gradN * q * r * (1.0 - r), grad * (before - n) * z * (1.0 - z), gradN, gradN * r);
}

fn update(at: Place, own: Own, product0: f32, product1: f32) {
  let hasCarry = !at.isFirst || params.hasHiddenCarry != 0u;
  let passed0 = product0 + select(0.0, hiddenCarry[at.carry + own.units0], hasCarry);
  let passed1 = product1 + select(0.0, hiddenCarry[at.carry + own.units1], hasCarry);
  let hasOutput = params.hasGradOutput != 0u;
  let grad0 = passed0 + select(0.0, gradOutput[at.gate + own.units0], hasOutput);
  let grad1 = passed1 + select(0.0, gradOutput[at.gate + own.units1], hasOutput);
  let before0 = hidden[at.state + params.stride + own.units0];
  let before1 = hidden[at.state + params.stride + own.units1];
  let gates0 = gates[at.gate + own.units0];
  let gates1 = gates[at.gate + own.units1];
  let result0 = gateGradients(gates0, before0, grad0);
  let result1 = gateGradients(gates1, before1, grad1);
  if (own.owned0) {
    gates[at.gate + own.units0] = select(vec4f(), result0, at.isInside);
    hiddenCarry[at.carry + own.units0] = select(passed0, grad0 * gates0.y, at.isInside);
  }
  if (own.owned1) {
    gates[at.gate + own.units1] = select(vec4f(), result1, at.isInside);
    hiddenCarry[at.carry + own.units1] = select(passed1, grad1 * gates1.y, at.isInside);
  }
}
