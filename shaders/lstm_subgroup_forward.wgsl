enable subgroups;
// lstm_subgroup_forward: lstm_step_forward for adapters whose subgroups have four lanes (SwiftShader).
//
//   a = gates[t] + b_hh + h_{t-1}·W';  i, f, o = σ;  g = tanh;  c_t = f·c_{t-1} + i·g;  h_t = o·tanh(c_t)
//
// Params, bindings and what they hold are those of lstm_step_forward.
//
// grid      x: hidden / (2·4), y: batch / (8·2);   one invocation owns 8 batch rows × 2 units
// gates     read_write  [T][batch][hidden] of vec4(i, f, g, o); `gate` is step t's offset in vec4s
// weight    read        W'[k][j]: [hidden][hidden] of vec4
// bias      read        b_hh: [hidden] of vec4; only read where hasBias = 1
// hidden    read_write  h, f32          cells  read_write  c, f32
// lengths   read        [batch]; only read where hasLengths = 1

struct Params {
  batch: u32, hidden: u32, gate: u32, before: u32, current: u32,
  hasBefore: u32, hasBias: u32, hasLengths: u32, time: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gates: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> hidden: array<f32>;
@group(0) @binding(5) var<storage, read_write> cells: array<f32>;
@group(0) @binding(6) var<storage, read> lengths: array<f32>;

@compute @workgroup_size(4, 2)
fn lstm_subgroup_forward(@builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u,
          @builtin(subgroup_invocation_id) lane: u32) {
  let unit = id.x * 2u;
  let row = id.y * 8u;
  let depth = select(0u, params.hidden * params.hasBefore, anyActive(group.y * 16u, 16u, params.time));
  var sums = recurrentProduct(row, unit, depth, lane);
  // In a loop, so that what it calls is compiled once.
  for (var i = 0u; i < 16u; i++) {
    update(row + i / 2u, unit + i % 2u, sums[i]);
  }
}
