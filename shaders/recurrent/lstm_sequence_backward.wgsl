// lstm_sequence_backward: many time steps of an LSTM backward in one dispatch, for version `sequence`: any adapter, up to 256 units.
//
//   dh_t = dY[t] + dG[next]·W'ᵀ + hiddenCarry
//   dc = dc_t + dh_t·o·(1 - tanh²(c_t));  do = dh_t·tanh(c_t)·o·(1 - o);  di = dc·g·i·(1 - i);  df = dc·c_{t-1}·f·(1 - f);
//   dg = dc·i·(1 - g²);  dc_{t-1} = dc·f
//
// The loop over steps is runSteps() in lib/sequence_backward, which calls update() below for each unit of a row.
// gates[t] arrives holding i, f, g, o and leaves holding dG[t] = di, df, dg, do, the gradients of the preactivations.
// Past the end of a row's sequence dG is zero and the carries pass through.
//
// grid         x (and y, past the limit): batch / ROWS
// workgroup    ROWS batch rows, all units and all steps of the dispatch; it waits for no other workgroup
// invocation   see lib/sequence_backward
// gates        read_write  [T][batch][hidden] of vec4(i, f, g, o), then dG
// weight       read        transposed, W'[k][j] of lstm_step_forward at [j][k]: [hidden][hidden] of vec4
// cells        read        c, f32
// gradOutput   read        dY: [T][batch][hidden]; only read where hasGradOutput = 1
// hiddenCarry  read_write  [batch][hidden]: as in lstm_step_backward; written where KEEPS_CARRY = 1
// cellCarry    read_write  [batch][hidden]: dc of the last state on entry, of the initial state on exit
// lengths      read        steps of each sequence: [batch]; only read where HAS_LENGTHS = 1
// params: see lib/sequence_backward; hasCellCarry = 0: dc of the first step is zero and is not read
// uses: lib/activations (sigmoid, safeTanh), recurrent/lib/lstm_cell (cellBackward),
//   recurrent/lib/sequence_backward (runSteps, Place, Result, KEEPS_CARRY)
// provides: Slots, Saved, savedAt, Carry, carryAt, keepCarry, contribution, update

struct Params {
  batch: u32, steps: u32, gate: u32, current: u32, stride: u32, nextGate: u32, hasNext: u32,
  hasGradOutput: u32, hasHiddenCarry: u32, time: u32, timeStride: u32, hasCellCarry: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gates: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read> cells: array<f32>;
@group(0) @binding(4) var<storage, read> gradOutput: array<f32>;
@group(0) @binding(5) var<storage, read_write> hiddenCarry: array<f32>;
@group(0) @binding(6) var<storage, read_write> cellCarry: array<f32>;
@group(0) @binding(7) var<storage, read> lengths: array<f32>;

// The gates of a unit.
alias Slots = vec4f;
struct Saved { gates: vec4f, cellBefore: f32, output: f32 }
// What reaches h of the step before other than through its output, dc of that step, and c of it.
struct Carry { hidden: f32, gradCell: f32, cell: f32 }

fn savedAt(at: Place) -> Saved {
  return Saved(
    gates[at.gate],
    cells[at.state + params.stride],
    select(0.0, gradOutput[at.gate], params.hasGradOutput != 0u),
  );
}

fn carryAt(at: Place) -> Carry {
  return Carry(
    select(0.0, hiddenCarry[at.carry], params.hasHiddenCarry != 0u),
    select(0.0, cellCarry[at.carry], params.hasCellCarry != 0u),
    cells[at.state],
  );
}

fn keepCarry(at: Place, carry: Carry) {
  cellCarry[at.carry] = carry.gradCell;
  if (KEEPS_CARRY != 0u) { hiddenCarry[at.carry] = carry.hidden; }
}

fn contribution(gradient: vec4f, weights: vec4f) -> f32 { return dot(gradient, weights); }

// LANES·SLICES
const THREADS = 256u;

@compute @workgroup_size(THREADS)
fn lstm_sequence_backward(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
          @builtin(local_invocation_index) local: u32) {
  runSteps(group.x + group.y * groups.x, local);
}

fn update(at: Place, saved: Saved, product: f32, carry: Carry) -> Result {
  let passed = product + carry.hidden;
  let result = cellBackward(saved.gates, carry.cell, saved.cellBefore, passed + saved.output, carry.gradCell);
  return Result(
    select(vec4f(), result.gates, at.isInside),
    Carry(
      select(passed, 0.0, at.isInside),
      select(carry.gradCell, result.before, at.isInside),
      saved.cellBefore,
    ),
  );
}
