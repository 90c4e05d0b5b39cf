// rnn_sequence_forward: many time steps of an Elman RNN in one dispatch, for version `sequence`: any adapter, up to 256 units.
//
//   h_t = tanh(gates[t] + b_hh + h_{t-1}·W'), or with relu = 1 max(·, 0)
//
// The loop over steps is runSteps() in lib/sequence_forward, which calls update() below for four units of a row.
// gates[t] holds x_t·W_ihᵀ + b_ih. Past the end of a row's sequence its state stays.
//
// grid        x (and y, past the limit): batch / ROWS
// workgroup   ROWS batch rows, all units and all steps of the dispatch; it waits for no other workgroup
// invocation  see lib/sequence_forward
// gates       read_write  [T][batch][hidden]
// weight      read        W'[k][j] as in rnn_step_forward: [hidden][hidden]
// bias        read        b_hh: [hidden]; only read where hasBias = 1
// hidden      read_write  h, f32
// lengths     read        steps of each sequence: [batch]; only read where HAS_LENGTHS = 1
// params: see lib/sequence_forward; relu: which of the two functions
// uses: lib/activations (safeTanh), lib/relu (relu), recurrent/lib/sequence_forward (runSteps, Place, Own, HAS_LENGTHS)
// provides: Slots, State, stateAt, reached, update

struct Params {
  batch: u32, steps: u32, gate: u32, current: u32, stride: u32, before: u32, isRing: u32,
  hasBias: u32, time: u32, timeStride: u32, relu: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gates: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> hidden: array<f32>;
@group(0) @binding(5) var<storage, read> lengths: array<f32>;

// A unit has one gate.
alias Slots = f32;
struct State { hidden: vec4f }

fn stateAt(start: u32, units: vec4u) -> State {
  let at = units + start;
  return State(vec4f(hidden[at.x], hidden[at.y], hidden[at.z], hidden[at.w]));
}

fn reached(sums: f32) -> f32 { return sums; }

// LANES·SLICES
const THREADS = 256u;

@compute @workgroup_size(THREADS)
fn rnn_sequence_forward(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
          @builtin(local_invocation_index) local: u32) {
  runSteps(group.x + group.y * groups.x, local);
}

fn update(at: Place, own: Own, sums: array<Slots, 4>, before: State) -> State {
  var preactivations = sums;
  var state: State;
  // @unroll
  for (var c = 0u; c < 4u; c++) {
    let a = preactivations[c];
    var value = select(safeTanh(a), relu(a), params.relu != 0u);
    if (HAS_LENGTHS != 0u) { value = select(before.hidden[c], value, at.isInside); }
    state.hidden[c] = value;
    if (own.owned[c]) { hidden[at.state + own.units[c]] = value; }
  }
  return state;
}
