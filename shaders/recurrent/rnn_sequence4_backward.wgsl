enable subgroups;
// rnn_sequence4_backward: many time steps of an Elman RNN layer backwards in one dispatch, for adapters whose subgroups have four lanes
// (SwiftShader) and layers of up to 256 units.
//
//   dG[t] = (dY[t] + dG[next]·W'ᵀ + hiddenCarry)·act'(h_t)      act' = 1 - h², or with relu = 1 (h > 0)
//
// gates, weight, hidden, gradOutput, hiddenCarry and lengths hold what they hold in rnn_step_backward. Who owns what, and where steps lie,
// says sequence4_backward.
//
// grid         x: batch / rows
// gates        read_write  dG: [T][batch][hidden]
// weight       read        W'[k][j]: [hidden][hidden]
// hidden       read        h
// gradOutput   read        dY: [T][batch][hidden]; only read where hasGradOutput = 1
// hiddenCarry  read_write  [batch][hidden]
// lengths      read        [batch]; only read where HAS_LENGTHS = 1
// partial      read_write  two blocks, taking turns from step to step, of [batch][subgroups][16·BLOCKS]

struct Params {
  batch: u32, hidden: u32, rows: u32, steps: u32, gate: u32, current: u32, stride: u32, nextGate: u32,
  hasNext: u32, hasBefore: u32, hasGradOutput: u32, hasHiddenCarry: u32, time: u32, timeStride: u32,
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

// act' by the state.
fn slope(start: u32, units: vec4u) -> vec4f {
  let at = start + units;
  let h = vec4f(hidden[at.x], hidden[at.y], hidden[at.z], hidden[at.w]);
  return select(1.0 - h * h, select(vec4f(), vec4f(1.0), h > vec4f()), params.relu != 0u);
}

// Four for every 32 units.
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
  let result0 = select(vec4f(), grad0 * slope(at.state, own.units0), at.isInside);
  let result1 = select(vec4f(), grad1 * slope(at.state, own.units1), at.isInside);
  // @unroll
  for (var i = 0u; i < 4u; i++) {
    if (own.owned0[i]) { gates[at.gate + own.units0[i]] = result0[i]; }
    if (own.owned1[i]) { gates[at.gate + own.units1[i]] = result1[i]; }
  }
}
