// gru_sequence_backward: many time steps of a GRU backward in one dispatch, for version `sequence`: any adapter, up to 256 units.
//
//   dh_t = dY[t] + dG[next]·W'ᵀ + hiddenCarry
//   dn = (dh_t - dh_t·z)·(1 - n²);  dz = dh_t·(h_{t-1} - n)·z·(1 - z);  dr = dn·q·r·(1 - r);  dq = dn·r
//
// The loop over steps is runSteps() in lib/sequence_backward, which calls update() below for each unit of a row.
// gates[t] arrives holding r, z, n, q and leaves holding dG[t] = dr, dz, dn, dq, the gradients of the preactivations. The products with W_ih skip
// q and those with W_hh skip n, where they are zero.
// Past the end of a row's sequence dG is zero and the carries pass through.
//
// grid         x (and y, past the limit): batch / ROWS
// workgroup    ROWS batch rows, all units and all steps of the dispatch; it waits for no other workgroup
// invocation   see lib/sequence_backward
// gates        read_write  [T][batch][hidden] of vec4(r, z, n, q), then dG
// weight       read        transposed, W'[k][j] of gru_step_forward at [j][k]: [hidden][hidden] of vec4
// hidden       read        h, f32
// gradOutput   read        dY: [T][batch][hidden]; only read where hasGradOutput = 1
// hiddenCarry  read_write  [batch][hidden]: as in gru_step_backward
// lengths      read        steps of each sequence: [batch]; only read where HAS_LENGTHS = 1
// params: see lib/sequence_backward
// uses: recurrent/lib/sequence_backward (runSteps, Place, Result)
// provides: Slots, Saved, savedAt, Carry, carryAt, keepCarry, contribution, update

struct Params {
  batch: u32, steps: u32, gate: u32, current: u32, stride: u32, nextGate: u32, hasNext: u32,
  hasGradOutput: u32, hasHiddenCarry: u32, time: u32, timeStride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gates: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read> hidden: array<f32>;
@group(0) @binding(4) var<storage, read> gradOutput: array<f32>;
@group(0) @binding(5) var<storage, read_write> hiddenCarry: array<f32>;
@group(0) @binding(6) var<storage, read> lengths: array<f32>;

// The gates of a unit.
alias Slots = vec4f;
struct Saved { gates: vec4f, before: f32, output: f32 }
// What reaches h of the step before other than through its output and the product.
struct Carry { hidden: f32 }

fn savedAt(at: Place) -> Saved {
  return Saved(
    gates[at.gate],
    hidden[at.state + params.stride],
    select(0.0, gradOutput[at.gate], params.hasGradOutput != 0u),
  );
}

fn carryAt(at: Place) -> Carry { return Carry(select(0.0, hiddenCarry[at.carry], params.hasHiddenCarry != 0u)); }
fn keepCarry(at: Place, carry: Carry) { hiddenCarry[at.carry] = carry.hidden; }

// dn does not reach h of the step before through W', and may be infinite.
fn contribution(gradient: vec4f, weights: vec4f) -> f32 { return dot(gradient.xyw, weights.xyw); }

// LANES·SLICES
const THREADS = 256u;

@compute @workgroup_size(THREADS)
fn gru_sequence_backward(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
          @builtin(local_invocation_index) local: u32) {
  runSteps(group.x + group.y * groups.x, local);
}

fn update(at: Place, saved: Saved, product: f32, carry: Carry) -> Result {
  let passed = product + carry.hidden;
  let grad = passed + saved.output;
  let r = saved.gates.x; let z = saved.gates.y; let n = saved.gates.z; let q = saved.gates.w;
  let gradN = (grad - grad * z) * (1.0 - n * n);
  let gradGates = vec4f(gradN * q * r * (1.0 - r), grad * (saved.before - n) * z * (1.0 - z), gradN, gradN * r);
  return Result(select(vec4f(), gradGates, at.isInside), Carry(select(passed, grad * z, at.isInside)));
}
