// lstm_cell_forward: the pointwise part of one LSTM time step; the plain version, after a gemm has added h_{t-1}·W'.
//
//   i, f, o = σ(a_i), σ(a_f), σ(a_o);  g = tanh(a_g)       a = gates[t] + b_hh
//   c_t = f·c_{t-1} + i·g;  h_t = o·tanh(c_t)
//
// gates[t] arrives holding x_t·W_ihᵀ + b_ih + h_{t-1}·W_hhᵀ and leaves holding i, f, g, o. Where the layer has a projection, what is
// written to hidden is what a gemm then projects.
//
// grid      x (and y, past the limit): batch·hidden / 64
// gates     read_write  [T][batch][hidden] of vec4(i, f, g, o); `gate` is step t's offset in vec4s
// bias      read        b_hh: [hidden] of vec4; only read where hasBias = 1
// hidden    read_write  h, f32          cells  read_write  c, f32; offsets `before` and `current` as in lstm_step_forward
// lengths   read        [batch]; only read where hasLengths = 1

struct Params {
  batch: u32, hidden: u32, gate: u32, before: u32, current: u32,
  hasBefore: u32, hasBias: u32, hasLengths: u32, time: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gates: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> hidden: array<f32>;
@group(0) @binding(4) var<storage, read_write> cells: array<f32>;
@group(0) @binding(5) var<storage, read> lengths: array<f32>;

@compute @workgroup_size(64)
fn lstm_cell_forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.batch * params.hidden) { return; }
  update(at / params.hidden, at % params.hidden, vec4f());
}
