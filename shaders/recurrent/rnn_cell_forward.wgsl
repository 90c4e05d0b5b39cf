// rnn_cell_forward: the pointwise part of one time step of an Elman RNN; the plain version, after a gemm has added h_{t-1}·W'.
//
//   h_t = act(gates[t] + b_hh)      gates[t] holds x_t·W_ihᵀ + b_ih + h_{t-1}·W';  act = tanh, or with relu = 1 max(·, 0)
//
// grid      x (and y, past the limit): batch·hidden / 64
// gates     read_write  [T][batch][hidden]; `gate` is step t's offset; only read
// bias      read        b_hh: [hidden]; only read where hasBias = 1
// hidden    read_write  h; offsets `before` and `current`
// lengths   read        [batch]; only read where hasLengths = 1

struct Params {
  batch: u32, hidden: u32, gate: u32, before: u32, current: u32,
  hasBefore: u32, hasBias: u32, hasLengths: u32, time: u32,
  relu: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gates: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> hidden: array<f32>;
@group(0) @binding(4) var<storage, read> lengths: array<f32>;

@compute @workgroup_size(64)
fn rnn_cell_forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.batch * params.hidden) { return; }
  update(at / params.hidden, at % params.hidden, 0.0);
}
