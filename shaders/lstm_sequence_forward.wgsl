enable subgroups;
// lstm_sequence_forward: many time steps of an LSTM layer in one dispatch, for adapters whose subgroups have four lanes (SwiftShader)
// and layers of up to 256 units.
//
//   a = gates[t] + b_hh + h_{t-1}·W';  i, f, o = σ;  g = tanh;  c_t = f·c_{t-1} + i·g;  h_t = o·tanh(c_t)
//
// gates, weight, bias, hidden, cells and lengths hold what they hold in lstm_step_forward. A workgroup owns `rows` batch rows and all units
// of them, so that no other workgroup's results are waited for. Its subgroups own QUADS units each, and load the weights that lead to those
// once, as a tile of subgroup_product: there a unit is a quad. Lane l goes on with units l and l + 4 of the subgroup.
//
// `gate` and `current` are the offsets of the first step's gates (in vec4s) and state; each step lies `stride` after the one before
// (modulo 2³²: backwards in the reverse direction), the first step's state before at `before`. Where isRing = 1 states take turns at these
// two places. With hasBefore = 0 the first step's state before is zero.
//
// grid      x: batch / rows
// gates     read_write  [T][batch][hidden] of vec4(i, f, g, o)
// weight    read        W'[k][j]: [hidden][hidden] of vec4
// bias      read        b_hh: [hidden] of vec4; only read where hasBias = 1
// hidden    read_write  h, f32          cells  read_write  c, f32
// lengths   read        [batch]; only read where hasLengths = 1; `time` is the first step, `timeStride` leads to the next

struct Params {
  batch: u32, hidden: u32, rows: u32, steps: u32, gate: u32, current: u32, stride: u32, before: u32, isRing: u32,
  hasBefore: u32, hasBias: u32, hasLengths: u32, time: u32, timeStride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gates: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> hidden: array<f32>;
@group(0) @binding(5) var<storage, read_write> cells: array<f32>;
@group(0) @binding(6) var<storage, read> lengths: array<f32>;

// Four lanes for every QUADS units.
const LANES = 32u;
// What is never asked for is left out: SwiftShader runs through both sides of a branch.
const HAS_LENGTHS = 1u;

fn quadA(start: u32, k: u32) -> vec4f {
  let at = start + k;
  return vec4f(hidden[at], hidden[at + 1u], hidden[at + 2u], hidden[at + 3u]);
}

fn quadB(k: u32, unit: u32) -> vec4f { return weight[k * params.hidden + min(unit, params.hidden - 1u)]; }

@compute @workgroup_size(LANES)
fn lstm_sequence_forward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32,
          @builtin(subgroup_invocation_id) lane: u32) {
  let first = (local >> 2u) * QUADS;
  let last = params.hidden - 1u;
  loadTile(first, 0u, params.hidden, lane);
  // Lanes past the last unit compute that one's values and keep them to themselves.
  let unit0 = min(first + lane, last);
  let unit1 = min(first + lane + 4u, last);
  var bias0 = vec4f();
  var bias1 = vec4f();
  if (params.hasBias != 0u) {
    bias0 = bias[unit0];
    bias1 = bias[unit1];
  }

  for (var step = 0u; step < params.steps; step++) {
    // h of the step before comes from all subgroups.
    if (step > 0u) { storageBarrier(); }
    let hasBefore = step > 0u || params.hasBefore != 0u;
    var current = params.current + step * params.stride;
    var before = current - params.stride;
    if (params.isRing != 0u) {
      current = select(params.current, params.before, (step & 1u) != 0u);
      before = select(params.before, params.current, (step & 1u) != 0u);
    }
    for (var row = group.x * params.rows; row < min((group.x + 1u) * params.rows, params.batch); row++) {
      var sum0 = bias0;
      var sum1 = bias1;
      if (hasBefore) {
        let sums = rowProduct(before + row * params.hidden, 0u, params.hidden, lane);
        sum0 += sums[0];
        sum1 += sums[1];
      }
      let state = current + row * params.hidden;
      let stateBefore = before + row * params.hidden;
      let gate = params.gate + step * params.stride + row * params.hidden;
      let c0 = select(0.0, cells[stateBefore + unit0], hasBefore);
      let c1 = select(0.0, cells[stateBefore + unit1], hasBefore);
      let gates0 = activateGates(gates[gate + unit0] + sum0);
      let gates1 = activateGates(gates[gate + unit1] + sum1);
      let cell0 = gates0.x * gates0.z + gates0.y * c0;
      let cell1 = gates1.x * gates1.z + gates1.y * c1;
      let hidden0 = gates0.w * safeTanh(cell0);
      let hidden1 = gates1.w * safeTanh(cell1);
      if (HAS_LENGTHS != 0u) {
        if (!isActive(row, params.time + step * params.timeStride)) {
          keep(gate, state, stateBefore, first + lane, c0, hasBefore);
          keep(gate, state, stateBefore, first + lane + 4u, c1, hasBefore);
          continue;
        }
      }
      if (first + lane <= last) {
        gates[gate + unit0] = gates0;
        cells[state + unit0] = cell0;
        hidden[state + unit0] = hidden0;
      }
      if (first + lane + 4u <= last) {
        gates[gate + unit1] = gates1;
        cells[state + unit1] = cell1;
        hidden[state + unit1] = hidden1;
      }
    }
  }
}

// Past a sequence's end.
fn keep(gate: u32, state: u32, stateBefore: u32, unit: u32, cellBefore: f32, hasBefore: bool) {
  if (unit >= params.hidden) { return; }
  gates[gate + unit] = vec4f();
  cells[state + unit] = cellBefore;
  hidden[state + unit] = select(0.0, hidden[stateBefore + unit], hasBefore);
}
