// rnn_split_forward: one time step of an Elman RNN, for version `split`: recurrent product, gates and state in one dispatch.
//
//   a = gates[t] + b_hh + h_{t-1}·W'
//   h_t = act(a)      act = tanh, or with relu = 1 max(·, 0)
//
// gates[t] arrives holding x_t·W_ihᵀ + b_ih. The step before is t-1, or t+1 in the reverse direction.
// Past the end of a row's sequence its state stays.
//
// grid        x: hidden / 16, y (and z, past the limit): batch / 4
// workgroup   16 × 8 invocations, see recurrent/lib/split_forward
// steps       one, t
// gates       read_write  [T][batch][hidden]; only read (read_write, as the backward pass writes it)
// weight      read        W'[k][j] = W_hh[j][k]: [hidden][hidden]
// bias        read        b_hh: [hidden]; only read where hasBias = 1
// hidden      read_write  h, f32
// lengths     read        steps of each sequence: [batch]; only read where hasLengths = 1
// params
//   batch, hidden        batch rows; units of the layer
//   gate                 offset of step t in gates
//   before, current      offsets in hidden of the state before step t, and of step t. The history has a block of [batch][hidden]
//                        for each step, and one for the initial state next to the first step processed
//   hasBias, hasLengths  whether bias and lengths are read
//   time                 t, to compare with lengths
//   relu                 1: max(·, 0) in place of tanh
// uses: lib/activations (safeTanh), lib/relu (relu), recurrent/lib/rnn_update_forward (update),
//   recurrent/lib/sequence_lengths (isActive, anyActive),
//   recurrent/lib/split_forward (splitProduct)
// provides: Slots, SLICES

struct Params {
  batch: u32, hidden: u32, gate: u32, before: u32, current: u32,
  hasBias: u32, hasLengths: u32, time: u32,
  relu: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gates: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> hidden: array<f32>;
@group(0) @binding(5) var<storage, read> lengths: array<f32>;

const SLICES = 8u;
alias Slots = f32;

@compute @workgroup_size(16, SLICES)
fn rnn_split_forward(
  @builtin(local_invocation_id) local: vec3u,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let unit = group.x * 16u + local.x;
  let row = (group.y + group.z * groups.y) * 4u;
  let product = splitProduct(row, unit, local);
  if (local.y < 4u) { update(row + local.y, unit, product); }
}
