// lstm_split_forward: one time step of an LSTM, for version `split`: recurrent product, gates and state in one dispatch.
//
//   a = gates[t] + b_hh + h_{t-1}·W'
//   i, f, o = σ(a_i), σ(a_f), σ(a_o);  g = tanh(a_g);  c_t = f·c_{t-1} + i·g;  h_t = o·tanh(c_t)
//
// gates[t] arrives holding x_t·W_ihᵀ + b_ih and leaves holding i, f, g, o, which the backward pass needs.
// The step before is t-1, or t+1 in the reverse direction.
// Past the end of a row's sequence its state stays and its gates are zero.
//
// grid        x: hidden / 16, y (and z, past the limit): batch / 4
// workgroup   16 × 8 invocations, see recurrent/lib/split_forward
// steps       one, t
// gates       read_write  [T][batch][hidden] of vec4(i, f, g, o)
// weight      read        W'[k][j] = vec4 over i, f, g, o of W_hh[gate·hidden + j][k]: [hidden][hidden] of vec4
// bias        read        b_hh: [hidden] of vec4; only read where hasBias = 1
// hidden      read_write  h, f32
// cells       read_write  c, f32
// lengths     read        steps of each sequence: [batch]; only read where hasLengths = 1
// params
//   batch, hidden        batch rows; units of the layer
//   gate                 offset of step t in gates, in vec4s
//   before, current      offsets in hidden and cells of the state before step t, and of step t. The history has a block of [batch][hidden]
//                        for each step, and one for the initial state next to the first step processed
//   hasBias, hasLengths  whether bias and lengths are read
//   time                 t, to compare with lengths
// uses: lib/activations (sigmoid, safeTanh), recurrent/lib/lstm_cell (activateGates),
//   recurrent/lib/lstm_update_forward (update), recurrent/lib/sequence_lengths (isActive, anyActive),
//   recurrent/lib/split_forward (splitProduct)
// provides: Slots, SLICES

struct Params {
  batch: u32, hidden: u32, gate: u32, before: u32, current: u32,
  hasBias: u32, hasLengths: u32, time: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gates: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> hidden: array<f32>;
@group(0) @binding(5) var<storage, read_write> cells: array<f32>;
@group(0) @binding(6) var<storage, read> lengths: array<f32>;

const SLICES = 8u;
alias Slots = vec4f;

@compute @workgroup_size(16, SLICES)
fn lstm_split_forward(
  @builtin(local_invocation_id) local: vec3u,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let unit = group.x * 16u + local.x;
  let row = (group.y + group.z * groups.y) * 4u;
  let product = splitProduct(row, unit, local);
  if (local.y < 4u) { update(row + local.y, unit, product); }
}
