// The backward `sequence` kernels' loop over many time steps in one dispatch: for any adapter, up to 256 units.
//
// workgroup   ROWS batch rows, all units and steps: it needs no result of another workgroup. dG is in workgroup memory
// invocation  of the product a slice of the depth, for UNITS units in all rows: the units lane, lane + LANES, …. Of the rest OWN pairs of a
//             row and a unit, whose carries it keeps from step to step
//
// Where the invocation that adds up a unit's gradient also owns it (SLICES = 1) a step has one barrier; else sums meet in workgroup memory.
// What a step needs from the forward pass is loaded a step ahead.
//
// params
//   batch               batch rows
//   steps               time steps of the dispatch, which begins with the last of them
//   gate, current       offsets in gates and in the states of the first step to process; in gates a unit counts as one
//   stride              distance from there to the next step to process, modulo 2³²: negative except in the reverse direction. The state
//                       before a step is one stride after its own
//   nextGate            offset in gates of dG that the first step needs
//   hasNext             0: the first step needs none
//   hasGradOutput       whether gradOutput is read
//   hasHiddenCarry      whether hiddenCarry has a value at first
//   time, timeStride    the first step, and 1 or -1, to compare with lengths
//
// A kernel that uses runSteps() provides
//   Slots                                        the floats of a unit's gates
//   Saved, savedAt(place) -> Saved               what a step needs of a unit: from the forward pass, and the output's gradient
//   Carry, carryAt(place) -> Carry               what a unit hands to the next step; at first from the buffers
//   keepCarry(place, carry)                      writes that back after the last step
//   contribution(gradient, weight) -> f32        a unit's share of another's gradient
//   update(at, saved, product, carry) -> Result  dG and the new carry of a unit, from its recurrent product
//
// needs: Slots, Saved, savedAt, Carry, carryAt, keepCarry, contribution, update

// A batch row and a unit. `isMine` is false past the last pair, `isOwned` past the last row as well; offsets stay in the layer.
struct Own { row: u32, tileRow: u32, unit: u32, isOwned: bool, isMine: bool }

// Offsets of one unit in one row in carries, gates and states, and whether the row is inside its sequence.
struct Place { carry: u32, gate: u32, state: u32, isInside: bool }

struct Result { gradient: Slots, carry: Carry }

const HIDDEN = 64u;
const ROWS = 1u;
const LANES = 64u;
// hidden / LANES, rounded up
const UNITS = 1u;
const SLICES = 4u;
// Fours of units in a slice
const QUADS = 4u;
// Those whose weights stay in registers; the others' are loaded in each step.
const HELD = 0u;
const OWN = 1u;
const EXCHANGED = 1u;
const HAS_LENGTHS = 1u;
const KEEPS_CARRY = 1u;

const DEPTH = 4u * QUADS * SLICES;
const IS_PADDED = DEPTH != HIDDEN;
const TILE = ROWS * DEPTH;

// [2][ROWS][DEPTH] of dG: the steps use two blocks in turn, or the first one where a barrier comes between reading and writing.
var<workgroup> gradients: array<Slots, (2u - EXCHANGED) * TILE>;
// [SLICES][ROWS][HIDDEN]
var<workgroup> partial: array<f32, EXCHANGED * SLICES * ROWS * HIDDEN + 1u - EXCHANGED>;
var<private> held: array<Slots, 4u * UNITS * HELD + 1u>;
var<private> sums: array<f32, UNITS * ROWS>;

// The weights from a unit to unit j, which are zero past the last j.
fn weightAt(j: u32, unit: u32) -> Slots {
  let value = weight[min(j, HIDDEN - 1u) * HIDDEN + min(unit, HIDDEN - 1u)];
  if (!IS_PADDED) { return value; }
  return select(Slots(), value, j < HIDDEN);
}

fn holdWeights(lane: u32, first: u32) {
  // @unroll
  for (var q = 0u; q < HELD; q++) {
    // @unroll
    for (var j = 0u; j < 4u; j++) {
      // @unroll
      for (var u = 0u; u < UNITS; u++) { held[(4u * q + j) * UNITS + u] = weightAt(first + 4u * q + j, lane + u * LANES); }
    }
  }
}

// A slice's share of dG·W'ᵀ, from dG at `start`.
fn addUp(start: u32, lane: u32, first: u32) {
  // @unroll
  for (var q = 0u; q < HELD; q++) {
    // @unroll
    for (var j = 0u; j < 4u; j++) {
      // @unroll
      for (var r = 0u; r < ROWS; r++) {
        let gradient = gradients[start + r * DEPTH + first + 4u * q + j];
        // @unroll
        for (var u = 0u; u < UNITS; u++) { sums[u * ROWS + r] += contribution(gradient, held[(4u * q + j) * UNITS + u]); }
      }
    }
  }
  for (var q = HELD; q < QUADS; q++) {
    // @unroll
    for (var j = 0u; j < 4u; j++) {
      var values: array<Slots, UNITS>;
      // @unroll
      for (var u = 0u; u < UNITS; u++) { values[u] = weightAt(first + 4u * q + j, lane + u * LANES); }
      // @unroll
      for (var r = 0u; r < ROWS; r++) {
        let gradient = gradients[start + r * DEPTH + first + 4u * q + j];
        // @unroll
        for (var u = 0u; u < UNITS; u++) { sums[u * ROWS + r] += contribution(gradient, values[u]); }
      }
    }
  }
}

fn ownOf(group: u32, local: u32, index: u32) -> Own {
  let pair = index * LANES * SLICES + local;
  let tileRow = select(index % ROWS, pair / HIDDEN, EXCHANGED != 0u);
  let unit = select(local + index / ROWS * LANES, pair % HIDDEN, EXCHANGED != 0u);
  let row = group * ROWS + tileRow;
  let isMine = (tileRow < ROWS) & (unit < HIDDEN);
  return Own(min(row, params.batch - 1u), tileRow, min(unit, HIDDEN - 1u), isMine & (row < params.batch), isMine);
}

fn placeOf(own: Own, step: u32) -> Place {
  let carry = own.row * HIDDEN + own.unit;
  var isInside = true;
  if (HAS_LENGTHS != 0u) { isInside = f32(params.time + step * params.timeStride) < lengths[own.row]; }
  let moved = step * params.stride + carry;
  return Place(carry, params.gate + moved, params.current + moved, isInside);
}

fn runSteps(group: u32, local: u32) {
  let lane = local % LANES;
  let slice = local / LANES;
  let first = 4u * slice * QUADS;
  let last = params.steps - 1u;
  holdWeights(lane, first);
  var carry: array<Carry, OWN>;
  var saved: array<Saved, OWN>;
  // @unroll
  for (var o = 0u; o < OWN; o++) {
    let own = ownOf(group, local, o);
    if (own.isMine) {
      let at = placeOf(own, 0u);
      carry[o] = carryAt(at);
      saved[o] = savedAt(at);
      gradients[own.tileRow * DEPTH + own.unit] =
        select(Slots(), gates[params.nextGate + at.carry], (params.hasNext != 0u) & own.isOwned);
    }
  }
  workgroupBarrier();

  for (var step = 0u; step < params.steps; step++) {
    let turn = select(step & 1u, 0u, EXCHANGED != 0u);
    let next = select(1u - turn, 0u, EXCHANGED != 0u);
    var ahead: array<Saved, OWN>;
    // The last step loads its own once more.
    let stepAhead = min(step + 1u, last);
    // @unroll
    for (var o = 0u; o < OWN; o++) {
      let own = ownOf(group, local, o);
      if (own.isMine) { ahead[o] = savedAt(placeOf(own, stepAhead)); }
    }

    // @unroll
    for (var i = 0u; i < UNITS; i++) {
      // @unroll
      for (var r = 0u; r < ROWS; r++) { sums[i * ROWS + r] = 0.0; }
    }
    if (step > 0u || params.hasNext != 0u) { addUp(turn * TILE, lane, first); }
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
        var product = 0.0;
        if (EXCHANGED != 0u) {
          for (var s = 0u; s < SLICES; s++) { product += partial[(s * ROWS + own.tileRow) * HIDDEN + own.unit]; }
        } else {
          product = sums[o % (UNITS * ROWS)];
        }
        let at = placeOf(own, step);
        // Where the row has no next step dG is zero, and 0·∞ would be NaN.
        if (HAS_LENGTHS != 0u) {
          let next = params.time + step * params.timeStride - params.timeStride;
          product = select(0.0, product, f32(next) < lengths[own.row]);
        }
        let result = update(at, saved[o], product, carry[o]);
        carry[o] = result.carry;
        if (own.isOwned) { gates[at.gate] = result.gradient; }
        gradients[next * TILE + own.tileRow * DEPTH + own.unit] = select(Slots(), result.gradient, own.isOwned);
      }
    }
    saved = ahead;
    workgroupBarrier();
  }
  // @unroll
  for (var o = 0u; o < OWN; o++) {
    let own = ownOf(group, local, o);
    if (own.isOwned) { keepCarry(placeOf(own, last), carry[o]); }
  }
}
