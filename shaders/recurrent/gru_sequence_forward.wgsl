// gru_sequence_forward: many time steps of a GRU in one dispatch, for version `sequence`: any adapter, up to 256 units.
//
//   a = gates[t] + b_hh + h_{t-1}·W'
//   r, z = σ(a_r), σ(a_z);  q = a_q;  n = tanh(a_n + r·q);  h_t = (1 - z)·n + z·h_{t-1}
//
// The loop over steps is runSteps() in lib/sequence_forward, which calls update() below for four units of a row.
// gates[t] arrives holding x_t·W_ihᵀ + b_ih and leaves holding r, z, n, q, which the backward pass needs.
// Past the end of a row's sequence its state stays and its gates are zero.
//
// grid        x (and y, past the limit): batch / ROWS
// workgroup   ROWS batch rows, all units and all steps of the dispatch; it waits for no other workgroup
// invocation  see lib/sequence_forward
// gates       read_write  [T][batch][hidden] of vec4(r, z, n, q)
// weight      read        W'[k][j] as in gru_step_forward: [hidden][hidden] of vec4
// bias        read        b_hh = vec4(b_hr, b_hz, 0, b_hn): [hidden] of vec4; only read where hasBias = 1
// hidden      read_write  h, f32
// lengths     read        steps of each sequence: [batch]; only read where HAS_LENGTHS = 1
// params: see lib/sequence_forward
// uses: lib/activations (sigmoid, safeTanh), recurrent/lib/sequence_forward (runSteps, Place, Own, HAS_LENGTHS)
// provides: Slots, State, stateAt, reached, update

struct Params {
  batch: u32, steps: u32, gate: u32, current: u32, stride: u32, before: u32, isRing: u32,
  hasBias: u32, time: u32, timeStride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gates: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> hidden: array<f32>;
@group(0) @binding(5) var<storage, read> lengths: array<f32>;

// The gates of a unit.
alias Slots = vec4f;
struct State { hidden: vec4f }

fn stateAt(start: u32, units: vec4u) -> State {
  let at = units + start;
  return State(vec4f(hidden[at.x], hidden[at.y], hidden[at.z], hidden[at.w]));
}

// The product has nothing in slot n, but is NaN there where a state is infinite.
fn reached(sums: vec4f) -> vec4f { return vec4f(sums.xy, 0.0, sums.w); }

// LANES·SLICES
const THREADS = 256u;

@compute @workgroup_size(THREADS)
fn gru_sequence_forward(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
          @builtin(local_invocation_index) local: u32) {
  runSteps(group.x + group.y * groups.x, local);
}

fn update(at: Place, own: Own, sums: array<Slots, 4>, before: State) -> State {
  var preactivations = sums;
  var state: State;
  // @unroll
  for (var c = 0u; c < 4u; c++) {
    let a = preactivations[c];
    let r = sigmoid(a.x);
    let z = sigmoid(a.y);
    let n = safeTanh(a.z + r * a.w);
    var gate = vec4f(r, z, n, a.w);
    var value = (1.0 - z) * n + z * before.hidden[c];
    if (HAS_LENGTHS != 0u) {
      gate = select(vec4f(), gate, at.isInside);
      value = select(before.hidden[c], value, at.isInside);
    }
    state.hidden[c] = value;
    if (own.owned[c]) {
      gates[at.gate + own.units[c]] = gate;
      hidden[at.state + own.units[c]] = value;
    }
  }
  return state;
}
