enable subgroups;
// rnn_subgroup_backward: rnn_step_backward for adapters whose subgroups have four lanes (SwiftShader).
//
//   dG[t] = (dY[t] + dG[next]·W'ᵀ + hiddenCarry)·act'(h_t)      act' = 1 - h², or with relu = 1 (h > 0)
//
// Params, bindings and what they hold are those of rnn_step_backward, but for weight: here it is transposed, by quads of units
// (see subgroup_tile).
//
// grid         x: hidden / (8·4), y: batch / 16;   one invocation owns 16 batch rows × 8 units
// gates        read_write  dG: [T][batch][hidden]; `gate` and `nextGate` are offsets
// weight       read        W'ᵀ: units j by quads of units k, [hidden][⌈hidden/4⌉] of vec4
// hidden       read        h, step after step of [batch][hidden]; offset `current`
// gradOutput   read        dY: [T][batch][hidden]; only read where hasGradOutput = 1
// hiddenCarry  read_write  [batch][hidden]
// lengths      read        [batch]; only read where hasLengths = 1

struct Params {
  batch: u32, hidden: u32, gate: u32, nextGate: u32, before: u32, current: u32,
  hasNext: u32, hasBefore: u32, hasGradOutput: u32, hasHiddenCarry: u32,
  hasLengths: u32, time: u32, nextTime: u32, keepsHiddenCarry: u32, relu: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gates: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read> hidden: array<f32>;
@group(0) @binding(4) var<storage, read> gradOutput: array<f32>;
@group(0) @binding(5) var<storage, read_write> hiddenCarry: array<f32>;
@group(0) @binding(6) var<storage, read> lengths: array<f32>;

fn rowStart(row: u32) -> u32 { return params.nextGate + min(row, params.batch - 1u) * params.hidden; }
fn elementA(start: u32, k: u32) -> f32 { return gates[start + k]; }
fn quadB(k: u32, quad: u32) -> vec4f {
  let quads = (params.hidden + 3u) / 4u;
  return weight[k * quads + min(quad, quads - 1u)];
}

@compute @workgroup_size(4)
fn rnn_subgroup_backward(@builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u,
          @builtin(subgroup_invocation_id) lane: u32) {
  let quad = id.x * QUADS;
  let row = group.y * ROWS;
  let reached = anyActive(row, ROWS, params.nextTime);
  var sums = subgroupTile(row, quad, 0u, select(0u, params.hidden * params.hasNext, reached), lane);
  // In a loop, so that what it calls is compiled once.
  for (var i = 0u; i < ROWS * QUADS * 4u; i++) {
    update(row + i / (QUADS * 4u), quad * 4u + i % (QUADS * 4u), sums[i / 4u][i % 4u]);
  }
}
