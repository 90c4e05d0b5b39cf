// gru_gates: a GRU's gates from their preactivations, for many time steps at once; what a chunk's backward pass begins with where
// gates are recomputed.
//
//   r, z = σ(a_r), σ(a_z);  q = a_q;  n = tanh(a_n + r·q)       a = gates + b_hh; zero past a sequence's end
//
// grid      x (and y, past the limit): steps·batch·hidden / 64
// gates     read_write  [steps][batch][hidden] of vec4(r, z, n, q); arrives holding x_t·W_ihᵀ + b_ih + h_{t-1}·W'
// bias      read        b_hh: [hidden] of vec4; only read where hasBias = 1
// lengths   read        [batch]; only read where hasLengths = 1. Steps count from `time`

struct Params { steps: u32, batch: u32, hidden: u32, hasBias: u32, hasLengths: u32, time: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gates: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read> lengths: array<f32>;

@compute @workgroup_size(64)
fn gru_gates(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  let row = at / params.hidden;
  if (row >= params.steps * params.batch) { return; }
  var a = gates[at];
  if (params.hasBias != 0u) { a += bias[at % params.hidden]; }
  let r = sigmoid(a.x);
  let z = sigmoid(a.y);
  let n = safeTanh(a.z + r * a.w);
  let inside = isActive(row % params.batch, params.time + row / params.batch);
  gates[at] = select(vec4f(), vec4f(r, z, n, a.w), inside);
}
