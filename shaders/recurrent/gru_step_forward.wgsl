// gru_step_forward: one time step of a GRU layer, the recurrent product, gates and state update fused.
//
//   a = gates[t] + b_hh + h_{t-1}·W'          gates[t] arrives holding x_t·W_ihᵀ + b_ih
//   r, z = σ(a_r), σ(a_z);  q = a_q;  n = tanh(a_n + r·q);  h_t = (1 - z)·n + z·h_{t-1}
//
// A unit has four slots, (r, z, n, q): q is the hidden part of the new gate, which r is applied to. So W_ih and b_ih are zero in q, W_hh
// and b_hh are zero in n. gates[t] leaves holding r, z, n, q, which is what the backward pass needs. The step before is t-1, or t+1 in
// the reverse direction. hidden holds step after step of [batch][hidden], and the initial state in a block beside the first step
// processed; offsets `before` and `current` say where. With hasBefore = 0 the state before is zero and is not read.
//
// grid      x: hidden / (2·8), y: batch / (4·4);   one invocation owns 4 batch rows × 2 units
// gates     read_write  [T][batch][hidden] of vec4(r, z, n, q); `gate` is step t's offset in vec4s
// weight    read        W'[k][j] = vec4(W_hr, W_hz, 0, W_hn)[j][k]: [hidden][hidden] of vec4
// bias      read        b_hh = vec4(b_hr, b_hz, 0, b_hn): [hidden] of vec4; only read where hasBias = 1
// hidden    read_write  h, f32
// lengths   read        steps of each sequence: [batch]; only read where hasLengths = 1. Past a sequence's end its state is carried on
//                       unchanged and its gates are zero; `time` is this step

struct Params {
  batch: u32, hidden: u32, gate: u32, before: u32, current: u32,
  hasBefore: u32, hasBias: u32, hasLengths: u32, time: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gates: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> hidden: array<f32>;
@group(0) @binding(5) var<storage, read> lengths: array<f32>;

@compute @workgroup_size(8, 4)
fn gru_step_forward(@builtin(global_invocation_id) id: vec3u) {
  let unit = id.x * 2u;
  let row = id.y * 4u;
  if (unit >= params.hidden || row >= params.batch) { return; }
  let depth = select(0u, params.hidden * params.hasBefore, anyActive(row, 4u, params.time));
  var sums = recurrentProduct(row, unit, depth);
  // In a loop, so that what it calls is compiled once.
  for (var i = 0u; i < 8u; i++) {
    update(row + i / 2u, unit + i % 2u, sums[i]);
  }
}
