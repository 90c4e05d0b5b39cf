enable subgroups;
// gru_subgroup_backward: gru_step_backward for adapters whose subgroups have four lanes (SwiftShader).
//
//   dh_t = dY[t] + dG[next]·W'ᵀ + hiddenCarry;   dG[t] = dr, dz, dn, dq from dh_t
//
// Params, bindings and what they hold are those of gru_step_backward.
//
// grid         x: hidden / (2·4), y: batch / (8·2);   one invocation owns 8 batch rows × 2 units
// gates        read_write  [T][batch][hidden] of vec4(r, z, n, q); `gate` and `nextGate` are offsets in vec4s
// weight       read        W'[k][j]: [hidden][hidden] of vec4 (see gru_step_forward)
// hidden       read        h, f32, step after step of [batch][hidden]; offset `before`
// gradOutput   read        dY: [T][batch][hidden]; only read where hasGradOutput = 1
// hiddenCarry  read_write  [batch][hidden]
// lengths      read        [batch]; only read where hasLengths = 1

struct Params {
  batch: u32, hidden: u32, gate: u32, nextGate: u32, before: u32, current: u32,
  hasNext: u32, hasBefore: u32, hasGradOutput: u32, hasHiddenCarry: u32,
  hasLengths: u32, time: u32, nextTime: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gates: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read> hidden: array<f32>;
@group(0) @binding(4) var<storage, read> gradOutput: array<f32>;
@group(0) @binding(5) var<storage, read_write> hiddenCarry: array<f32>;
@group(0) @binding(6) var<storage, read> lengths: array<f32>;

@compute @workgroup_size(4, 2)
fn gru_subgroup_backward(@builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u,
          @builtin(subgroup_invocation_id) lane: u32) {
  let unit = id.x * 2u;
  let row = id.y * 8u;
  let depth = select(0u, params.hidden * params.hasNext, anyActive(group.y * 16u, 16u, params.nextTime));
  var sums = recurrentProduct(row, unit, depth, lane);
  // In a loop, so that what it calls is compiled once.
  for (var i = 0u; i < 16u; i++) {
    update(row + i / 2u, unit + i % 2u, sums[i]);
  }
}
