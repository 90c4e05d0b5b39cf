// The forward `sequence` kernels' loop over many time steps in one dispatch: for any adapter, up to 256 units.
//
// workgroup   ROWS batch rows, all units and steps: it needs no result of another workgroup. h is in workgroup memory
// invocation  of the product a slice of the depth, for UNITS units in all rows: the units lane, lane + LANES, …. Of the rest OWN pairs of a
//             row and a quad: the units q, q + QUARTER, q + 2·QUARTER, q + 3·QUARTER, whose state it keeps from step to step
//
// A vec4 of h holds the units of a quad, so the product takes k in this order. Where the invocation that adds up a quad also owns it
// (EXCHANGED = 0) a step has one barrier; else sums meet in workgroup memory. What a step needs from gates is loaded a step ahead.
//
// params
//   batch               batch rows
//   steps               time steps of the dispatch
//   gate, current       offsets in gates and in the states of the first step; in gates a unit counts as one
//   stride              distance from one step to the next in both, modulo 2³²: negative in the reverse direction
//   before              offset of the state before the first step
//   isRing              1: only two states are kept, and the steps use `current` and `before` in turn
//   hasBias             whether bias is read
//   time, timeStride    the first step, and 1 or -1, to compare with lengths
//
// A kernel that uses runSteps() provides
//   Slots                                the floats of a unit's gates
//   State                                what is kept of a quad: `hidden`, and c where the cell has one
//   stateAt(start, units) -> State       the state of a quad in the row at `start`
//   reached(sums) -> Slots               what h·W' adds to the gates of a unit
//   update(at, own, sums, state)         stores gates and states of a quad, from its preactivations; returns the new state
//
// needs: Slots, State, stateAt, reached, update

// A batch row and a quad of units. `isMine` is false past the last pair, `owned` past the last unit and row; offsets stay in the layer.
struct Own { row: u32, tileRow: u32, quad: u32, units: vec4u, owned: vec4<bool>, isMine: bool }

// Offsets of one batch row's values in gates and states in one step, and whether it is inside its sequence.
struct Place { gate: u32, state: u32, isInside: bool }

const HIDDEN = 64u;
const ROWS = 1u;
const LANES = 64u;
// hidden / LANES, rounded up
const UNITS = 1u;
const SLICES = 4u;
// Quads of a slice
const QUADS = 4u;
// Quads of a slice whose weights stay in registers; the others' are loaded in each step.
const HELD = 0u;
const OWN = 1u;
const EXCHANGED = 1u;
const HAS_LENGTHS = 1u;

const QUARTER = (HIDDEN + 3u) / 4u;
const DEPTH = QUADS * SLICES;
const IS_PADDED = 4u * DEPTH != HIDDEN;
const TILE = ROWS * DEPTH;

// [2][ROWS][DEPTH]: the steps use two blocks in turn, or the first one where a barrier comes between reading and writing.
var<workgroup> states: array<vec4f, (2u - EXCHANGED) * TILE>;
// [SLICES][ROWS][HIDDEN]
var<workgroup> partial: array<Slots, EXCHANGED * SLICES * ROWS * HIDDEN + 1u - EXCHANGED>;
var<private> held: array<Slots, 4u * UNITS * HELD + 1u>;
var<private> sums: array<Slots, UNITS * ROWS>;

// The weights from unit j of a quad to a unit; zero past the last quad.
fn weightAt(quad: u32, j: u32, unit: u32) -> Slots {
  let k = quad + j * QUARTER;
  let value = weight[min(k, HIDDEN - 1u) * HIDDEN + min(unit, HIDDEN - 1u)];
  if (!IS_PADDED) { return value; }
  return select(Slots(), value, (quad < QUARTER) & (k < HIDDEN));
}

fn holdWeights(lane: u32, first: u32) {
  // @unroll
  for (var q = 0u; q < HELD; q++) {
    // @unroll
    for (var j = 0u; j < 4u; j++) {
      // @unroll
      for (var u = 0u; u < UNITS; u++) { held[(4u * q + j) * UNITS + u] = weightAt(first + q, j, lane + u * LANES); }
    }
  }
}

// A slice's share of h·W', from the state at `start`.
fn addUp(start: u32, lane: u32, first: u32) {
  // @unroll
  for (var q = 0u; q < HELD; q++) {
    var h: array<vec4f, ROWS>;
    // @unroll
    for (var r = 0u; r < ROWS; r++) { h[r] = states[start + r * DEPTH + first + q]; }
    // @unroll
    for (var j = 0u; j < 4u; j++) {
      // @unroll
      for (var u = 0u; u < UNITS; u++) {
        // @unroll
        for (var r = 0u; r < ROWS; r++) { sums[u * ROWS + r] += h[r][j] * held[(4u * q + j) * UNITS + u]; }
      }
    }
  }
  for (var q = HELD; q < QUADS; q++) {
    var h: array<vec4f, ROWS>;
    // @unroll
    for (var r = 0u; r < ROWS; r++) { h[r] = states[start + r * DEPTH + first + q]; }
    // @unroll
    for (var j = 0u; j < 4u; j++) {
      // @unroll
      for (var u = 0u; u < UNITS; u++) {
        let value = weightAt(first + q, j, lane + u * LANES);
        // @unroll
        for (var r = 0u; r < ROWS; r++) { sums[u * ROWS + r] += h[r][j] * value; }
      }
    }
  }
}

fn ownOf(group: u32, local: u32, index: u32) -> Own {
  let pair = index * LANES * SLICES + local;
  let tileRow = select(index, pair / QUARTER, EXCHANGED != 0u);
  let quad = select(local, pair % QUARTER, EXCHANGED != 0u);
  let row = group * ROWS + tileRow;
  let units = vec4u(quad, quad + QUARTER, quad + 2u * QUARTER, quad + 3u * QUARTER);
  let isMine = (tileRow < ROWS) & (quad < QUARTER);
  // One by one: where QUARTER is 1, SwiftShader under wgpu finds 0 not less than HIDDEN when it compares the vectors.
  let exist = vec4<bool>(units.x < HIDDEN, units.y < HIDDEN, units.z < HIDDEN, units.w < HIDDEN);
  let owned = exist & vec4<bool>(isMine & (row < params.batch));
  return Own(min(row, params.batch - 1u), tileRow, quad, min(units, vec4u(HIDDEN - 1u)), owned, isMine);
}

// x·W_ihᵀ + b_ih + b_hh of a quad.
fn inputOf(own: Own, gate: u32) -> array<Slots, 4> {
  var input: array<Slots, 4>;
  // @unroll
  for (var c = 0u; c < 4u; c++) {
    let unit = own.units[c];
    input[c] = gates[gate + own.row * HIDDEN + unit] + select(Slots(), bias[unit], params.hasBias != 0u);
  }
  return input;
}

fn runSteps(group: u32, local: u32) {
  let lane = local % LANES;
  let slice = local / LANES;
  let first = slice * QUADS;
  holdWeights(lane, first);
  var state: array<State, OWN>;
  var input: array<array<Slots, 4>, OWN>;
  // @unroll
  for (var o = 0u; o < OWN; o++) {
    let own = ownOf(group, local, o);
    if (own.isMine) {
      state[o] = stateAt(params.before + own.row * HIDDEN, own.units);
      input[o] = inputOf(own, params.gate);
      states[own.tileRow * DEPTH + own.quad] = select(vec4f(), state[o].hidden, own.owned);
    }
  }
  workgroupBarrier();

  for (var step = 0u; step < params.steps; step++) {
    let gate = params.gate + step * params.stride;
    var current = params.current + step * params.stride;
    if (params.isRing != 0u) { current = select(params.current, params.before, (step & 1u) != 0u); }
    let turn = select(step & 1u, 0u, EXCHANGED != 0u);
    let next = select(1u - turn, 0u, EXCHANGED != 0u);
    var ahead: array<array<Slots, 4>, OWN>;
    // The last step loads its own once more.
    let gateAhead = gate + select(0u, params.stride, step + 1u < params.steps);
    // @unroll
    for (var o = 0u; o < OWN; o++) {
      let own = ownOf(group, local, o);
      if (own.isMine) { ahead[o] = inputOf(own, gateAhead); }
    }

    // @unroll
    for (var i = 0u; i < UNITS; i++) {
      // @unroll
      for (var r = 0u; r < ROWS; r++) { sums[i * ROWS + r] = Slots(); }
    }
    addUp(turn * TILE, lane, first);
    if (EXCHANGED != 0u) {
      // @unroll
      for (var u = 0u; u < UNITS; u++) {
        let unit = lane + u * LANES;
        // @unroll
        for (var r = 0u; r < ROWS; r++) {
          if (unit < HIDDEN) { partial[(slice * ROWS + r) * HIDDEN + unit] = sums[u * ROWS + r]; }
        }
      }
      workgroupBarrier();
    }

    // @unroll
    for (var o = 0u; o < OWN; o++) {
      let own = ownOf(group, local, o);
      if (own.isMine) {
        // @unroll
        for (var c = 0u; c < 4u; c++) {
          if (EXCHANGED != 0u) {
            for (var s = 0u; s < SLICES; s++) { input[o][c] += reached(partial[(s * ROWS + own.tileRow) * HIDDEN + own.units[c]]); }
          } else {
            input[o][c] += reached(sums[(c * ROWS + o) % (UNITS * ROWS)]);
          }
        }
        let start = own.row * HIDDEN;
        var isInside = true;
        if (HAS_LENGTHS != 0u) { isInside = f32(params.time + step * params.timeStride) < lengths[own.row]; }
        state[o] = update(Place(gate + start, current + start, isInside), own, input[o], state[o]);
        states[next * TILE + own.tileRow * DEPTH + own.quad] = select(vec4f(), state[o].hidden, own.owned);
      }
    }
    input = ahead;
    workgroupBarrier();
  }
}
