// rnn_sequence_backward: many time steps of an Elman RNN backward in one dispatch, for version `sequence`: any adapter, up to 256 units.
//
//   dG[t] = (dY[t] + dG[next]·W'ᵀ + hiddenCarry)·(1 - h_t²), or with relu = 1 times (h_t = 0 ? 0 : 1)
//
// The loop over steps is runSteps() in lib/sequence_backward, which calls update() below for each unit of a row.
// gates[t] leaves holding dG[t], the gradient of the preactivation.
// Past the end of a row's sequence dG is zero and the carry passes through.
//
// grid         x (and y, past the limit): batch / ROWS
// workgroup    ROWS batch rows, all units and all steps of the dispatch; it waits for no other workgroup
// invocation   see lib/sequence_backward
// gates        read_write  [T][batch][hidden]
// weight       read        transposed, W'[k][j] of rnn_step_forward at [j][k]: [hidden][hidden]
// hidden       read        h, f32
// gradOutput   read        dY: [T][batch][hidden]; only read where hasGradOutput = 1
// hiddenCarry  read_write  [batch][hidden]: as in rnn_step_backward; written where KEEPS_CARRY = 1
// lengths      read        steps of each sequence: [batch]; only read where HAS_LENGTHS = 1
// params: see lib/sequence_backward; relu: which of the two functions
// uses: recurrent/lib/sequence_backward (runSteps, Place, Result, KEEPS_CARRY)
// provides: Slots, Saved, savedAt, Carry, carryAt, keepCarry, contribution, update

struct Params {
  batch: u32, steps: u32, gate: u32, current: u32, stride: u32, nextGate: u32, hasNext: u32,
  hasGradOutput: u32, hasHiddenCarry: u32, time: u32, timeStride: u32, relu: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gates: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> hidden: array<f32>;
@group(0) @binding(4) var<storage, read> gradOutput: array<f32>;
@group(0) @binding(5) var<storage, read_write> hiddenCarry: array<f32>;
@group(0) @binding(6) var<storage, read> lengths: array<f32>;

// A unit has one gate.
alias Slots = f32;
struct Saved { hidden: f32, output: f32 }
// What reaches h of the step before other than through its output and the product.
struct Carry { hidden: f32 }

// h of the step itself is all that a step needs.
fn savedAt(at: Place) -> Saved {
  return Saved(hidden[at.state], select(0.0, gradOutput[at.gate], params.hasGradOutput != 0u));
}

fn carryAt(at: Place) -> Carry { return Carry(select(0.0, hiddenCarry[at.carry], params.hasHiddenCarry != 0u)); }
fn keepCarry(at: Place, carry: Carry) {
  if (KEEPS_CARRY != 0u) { hiddenCarry[at.carry] = carry.hidden; }
}

fn contribution(gradient: f32, weights: f32) -> f32 { return gradient * weights; }

// LANES·SLICES
const THREADS = 256u;

@compute @workgroup_size(THREADS)
fn rnn_sequence_backward(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
          @builtin(local_invocation_index) local: u32) {
  runSteps(group.x + group.y * groups.x, local);
}

fn update(at: Place, saved: Saved, product: f32, carry: Carry) -> Result {
  let passed = product + carry.hidden;
  let h = saved.hidden;
  let grad = passed + saved.output;
  let result = select(grad * (1.0 - h * h), select(grad, 0.0, bitcast<u32>(h) == 0u), params.relu != 0u);
  return Result(select(0.0, result, at.isInside), Carry(select(passed, 0.0, at.isInside)));
}
