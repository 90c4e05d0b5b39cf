// gru_gates: the gates of a GRU from their preactivations, for many time steps at once: where gates are recomputed, the backward pass of a
// chunk begins with it.
//
//   a = gates + b_hh;  r, z = σ(a_r), σ(a_z);  q = a_q;  n = tanh(a_n + r·q)
//
// gates arrives holding x_t·W_ihᵀ + b_ih + h_{t-1}·W'. Past the end of a row's sequence its gates are zero.
//
// grid        x (and y, past the limit): steps·batch·hidden / 64
// workgroup   64 consecutive elements of [steps][batch][hidden]
// invocation  one unit in one batch row of one step
// steps       all of the chunk
// gates       read_write  [steps][batch][hidden] of vec4(r, z, n, q)
// bias        read        b_hh: [hidden] of vec4; only read where hasBias = 1
// lengths     read        steps of each sequence: [batch]; only read where hasLengths = 1
// params
//   steps, batch, hidden  time steps of the chunk; batch rows; units of the layer
//   hasBias, hasLengths   whether bias and lengths are read
//   time                  the first step, to compare with lengths
// uses: lib/activations (sigmoid, safeTanh), recurrent/lib/sequence_lengths (isActive)

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
