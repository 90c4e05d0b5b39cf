// Many time steps of a recurrent layer backwards in one dispatch, for adapters whose subgroups have four lanes (SwiftShader) and layers of
// up to 256 units: what the backward sequence kernels share.
//
// Workgroups own rows, subgroups and lanes quads of units as in sequence4_forward. A subgroup knows dG of its own units, and loads the weights
// that lead from those back to all units once; lane l keeps those to the units k = 16c + 4l + i, c < BLOCKS, i < 4. Of every step it adds up
// what its own units have to say to all, and leaves it in `partial`; after a barrier everyone adds up what is left for its own. The other way
// round each subgroup would load dG of all units, four times as many values as `partial` has. The kernel's file has
//
//   quadGradient(start, units) -> vec4f      dG of a quad in the row that begins at `start`
//   partialSums(start, units) -> Values      what one subgroup left
//   update(at, own, product0, product1)      dG of the lane's two quads, from dG[next]·W'ᵀ
//
// `gate` and `current` are the offsets of the first step's gates (a unit's counting as one) and state; each step lies `stride` after the one
// before (modulo 2³²: towards earlier steps, as a rule), the gradient it needs `stride` before, but the first step's at `nextGate`, the state
// before it `stride` after. Of the steps of a dispatch, hasNext, hasHiddenCarry and hasCellCarry speak of the first, hasBefore of the last;
// the others have it, and a hiddenCarry where it is kept. `time` is the first step, `timeStride` leads to the next.

// Where the values of one batch row begin, in carries, gates and states, and what is asked of this step.
struct Place { carry: u32, gate: u32, state: u32, isFirst: bool, hasBefore: bool, isInside: bool }

struct Own { units0: Units, units1: Units, owned0: Owned, owned1: Owned }

// A sixteenth of the units, rounded up.
const BLOCKS = 4u;
// One for every eight quads.
const SUBGROUPS = 8u;
// 4·BLOCKS
const COLUMNS = 16u;
// 8·COLUMNS
const WEIGHTS = 128u;
// What is never asked for is left out: SwiftShader runs through both sides of a branch.
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
  // Copied to where every index is a constant: only then does a product take its factor without another load.
  // @unroll
  for (var i = 0u; i < WEIGHTS; i++) { weights[i] = loadedWeights[i]; }
}

// What a subgroup's dG, two quads a lane, says to all units.
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
        let own0 = quadGradient(start, own.units0);
        let own1 = quadGradient(start, own.units1);
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
      // Not by isActive(): its || is a branch.
      var isInside = true;
      if (HAS_LENGTHS != 0u) { isInside = f32(params.time + step * params.timeStride) < lengths[row]; }
      let hasBefore = step + 1u < params.steps || params.hasBefore != 0u;
      let at = Place(carry, gate, state, step == 0u, hasBefore, isInside);
      update(at, own, select(Values(), sum0, hasNext), select(Values(), sum1, hasNext));
    }
  }
}
