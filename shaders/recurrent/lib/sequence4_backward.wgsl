// The backward `sequence4` kernels' loop over many time steps in one dispatch. For subgroups of four lanes (SwiftShader), up to 256 units.
//
// workgroup   `rows` batch rows, all units and steps: it needs no result of another workgroup
// subgroup    eight quads of units; it loads the weights from them back to all units once
// invocation  quads l and l + 4 of its subgroup's, l being its lane; of the weights those to the units k = 16c + 4l + i, c < BLOCKS, i < 4
//
// For every step each subgroup computes its units' contribution to the gradients of all units and stores it in `partial`. After a barrier
// each lane adds up the contributions of all subgroups to its own units. The other way round, each subgroup would load dG of all units:
// four times as many values as `partial` has.
//
// params
//   batch, hidden       batch rows; units of the layer
//   rows                batch rows of a workgroup
//   steps               time steps of the dispatch, which begins with the last of them
//   gate, current       offsets in gates and in the states of the first step to process; in gates a unit counts as one
//   stride              distance from there to the next step to process, modulo 2³²: negative except in the reverse direction. The state
//                       before a step is one stride after its own
//   nextGate            offset in gates of dG that the first step needs; the other steps need dG one stride before their own
//   hasNext             0: the first step needs none
//   hasGradOutput       whether gradOutput is read
//   hasHiddenCarry      whether the first step reads hiddenCarry; the others do where it is kept
//   hasCellCarry        (LSTM) whether the first step reads cellCarry; the others do
//   time, timeStride    the first step, and 1 or -1, to compare with lengths
//
// A kernel that uses runSteps() provides
//   Units, Owned, Values                     the units of a quad, whether the lane stores each of them, and a float for each of them
//   unitsOf(quad) -> Units                   the units of a quad, moved into the layer if they are outside
//   ownedOf(quad) -> Owned                   which of them are in the layer
//   quadB(k, quad) -> vec4f                  the weights from unit k to a quad
//   quadGradient(start, units) -> vec4f      dG of a quad in the row at `start`
//   partialSums(start, units) -> Values      a subgroup's contribution to a quad, at `start` in `partial`
//   update(at, own, product0, product1)      stores dG and the carries of the lane's two quads, from dG[next]·W'ᵀ
//
// needs: Units, Owned, Values, unitsOf, ownedOf, quadB, quadGradient, partialSums, update

// Offsets of one batch row's values in the carries, gates and states, and what is known of the step.
struct Place { carry: u32, gate: u32, state: u32, isFirst: bool, isInside: bool }

struct Own { units0: Units, units1: Units, owned0: Owned, owned1: Owned }

// hidden / 16, rounded up
const BLOCKS = 4u;
// One for every eight quads
const SUBGROUPS = 8u;
// 4·BLOCKS
const COLUMNS = 16u;
// 8·COLUMNS
const WEIGHTS = 128u;
// Constants, so that unused code is left out: SwiftShader executes both sides of a branch.
const HAS_LENGTHS = 1u;
const KEEPS_CARRY = 1u;

var<private> loadedWeights: array<vec4f, WEIGHTS>;
var<private> weights: array<vec4f, WEIGHTS>;

fn loadWeights(first: u32, lane: u32) {
  let last = params.hidden - 1u;
  for (var c = 0u; c < COLUMNS; c++) {
    let k = 4u * (c & ~3u) + 4u * lane + (c & 3u);
    for (var q = 0u; q < 8u; q++) { loadedWeights[c * 8u + q] = select(vec4f(), quadB(min(k, last), first + q), k <= last); }
  }
  // Copied with constant indices: only then does a product take its factor without another load.
  // @unroll
  for (var i = 0u; i < WEIGHTS; i++) { weights[i] = loadedWeights[i]; }
}

// Stores the contribution of a subgroup's dG, two quads a lane, to the gradients of all units.
fn leaveSums(own0: vec4f, own1: vec4f, start: u32, lane: u32) {
  var gradient: array<vec4f, 8>;
  // @unroll
  for (var q = 0u; q < 4u; q++) {
    gradient[q] = subgroupBroadcast(own0, q);
    gradient[q + 4u] = subgroupBroadcast(own1, q);
  }
  let at = start + 4u * lane;
  // @unroll
  for (var c = 0u; c < COLUMNS; c++) {
    var sum = 0.0;
    // @unroll
    for (var q = 0u; q < 8u; q++) { sum += dot(gradient[q], weights[c * 8u + q]); }
    partial[at + c / 4u * 16u + c % 4u] = sum;
  }
}

fn runSteps(group: u32, local: u32, lane: u32) {
  let subgroup = local >> 2u;
  let first = subgroup * 8u;
  loadWeights(first, lane);
  let own = Own(unitsOf(first + lane), unitsOf(first + lane + 4u), ownedOf(first + lane), ownedOf(first + lane + 4u));
  let lastRow = min((group + 1u) * params.rows, params.batch);
  for (var step = 0u; step < params.steps; step++) {
    let hasNext = step > 0u || params.hasNext != 0u;
    let turn = (step & 1u) * params.batch;
    if (hasNext) {
      let next = select(params.gate + (step - 1u) * params.stride, params.nextGate, step == 0u);
      for (var row = group * params.rows; row < lastRow; row++) {
        let start = next + row * params.hidden;
        // Zero outside the layer, as the weights from there are: ∞·0 would be NaN.
        let own0 = select(vec4f(), quadGradient(start, own.units0), own.owned0);
        let own1 = select(vec4f(), quadGradient(start, own.units1), own.owned1);
        leaveSums(own0, own1, ((turn + row) * SUBGROUPS + subgroup) * 4u * COLUMNS, lane);
      }
      storageBarrier();
    }
    for (var row = group * params.rows; row < lastRow; row++) {
      var sum0 = Values();
      var sum1 = Values();
      let left = (turn + row) * SUBGROUPS * 4u * COLUMNS;
      // @unroll
      for (var s = 0u; s < SUBGROUPS; s++) {
        sum0 += partialSums(left + s * 4u * COLUMNS, own.units0);
        sum1 += partialSums(left + s * 4u * COLUMNS, own.units1);
      }
      let carry = row * params.hidden;
      let state = params.current + step * params.stride + carry;
      let gate = params.gate + step * params.stride + carry;
      // isActive() would branch at its ||.
      var isInside = true;
      if (HAS_LENGTHS != 0u) { isInside = f32(params.time + step * params.timeStride) < lengths[row]; }
      // Where the row has no next step dG is zero, and 0·∞ would be NaN.
      var hasProduct = hasNext;
      if (HAS_LENGTHS != 0u) {
        hasProduct = hasNext & (f32(params.time + step * params.timeStride - params.timeStride) < lengths[row]);
      }
      let at = Place(carry, gate, state, step == 0u, isInside);
      update(at, own, select(Values(), sum0, hasProduct), select(Values(), sum1, hasProduct));
    }
  }
}
