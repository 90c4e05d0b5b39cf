enable subgroups;
// lstm_subgroup_forward: lstm_step_forward for adapters whose subgroups have four lanes (SwiftShader).
//
//   a = gates[t] + b_hh + h_{t-1}·W';  i, f, o = σ;  g = tanh;  c_t = f·c_{t-1} + i·g;  h_t = o·tanh(c_t)
//
// Params, bindings and what they hold are those of lstm_step_forward; a unit is a quad of
// subgroup_tile.
//
// grid      x: hidden / (2·4), y: batch / 16;   one invocation owns 16 batch rows × 2 units
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

fn rowStart(row: u32) -> u32 { return params.before + min(row, params.batch - 1u) * params.hidden; }
fn elementA(start: u32, k: u32) -> f32 { return hidden[start + k]; }
fn quadB(k: u32, unit: u32) -> vec4f { return weight[k * params.hidden + min(unit, params.hidden - 1u)]; }

@compute @workgroup_size(4)
fn lstm_subgroup_forward(@builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u,
          @builtin(subgroup_invocation_id) lane: u32) {
  let unit = id.x * QUADS;
  let row = group.y * ROWS;
  let reached = anyActive(row, ROWS, params.time);
  var sums = subgroupTile(row, unit, 0u, select(0u, params.hidden * params.hasBefore, reached), lane);
  // In a loop, so that what it calls is compiled once.
  for (var i = 0u; i < ROWS * QUADS; i++) {
    update(row + i / QUADS, unit + i % QUADS, sums[i]);
  }
}
