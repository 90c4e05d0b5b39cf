// Many time steps of a recurrent layer in one dispatch, for adapters whose subgroups have four lanes (SwiftShader) and layers of up to 256
// units: what the forward sequence kernels share.
//
// A workgroup owns `rows` batch rows and all units of them, so that no other workgroup's results are waited for. Its subgroups own QUADS
// quads of units each, and load the weights that lead to those once, as a tile of lanes4_product. Lane l goes on with quads l and l + 4.
// Which units a quad has unit_as_quad or units_by_quad says; the kernel's file has
//
//   quadBias(units) -> vec4f               b_hh of a quad
//   update(at, own, product0, product1)    gates and states of the lane's two quads, from recurrent product and bias
//
// `gate` and `current` are the offsets of the first step's gates (a unit's counting as one) and state; each step lies `stride` after the one
// before (modulo 2³²: backwards in the reverse direction), the first step's state before at `before`. Where isRing = 1 states take turns at
// these two places. With hasBefore = 0 the first step's state before is zero. `time` is the first step, `timeStride` leads to the next.

// Where the values of one batch row in one step begin.
struct Place { gate: u32, state: u32, before: u32, hasBefore: bool, isInside: bool }

struct Own { units0: Units, units1: Units, owned0: Owned, owned1: Owned }

// What is never asked for is left out: SwiftShader runs through both sides of a branch.
const HAS_LENGTHS = 1u;

fn quadA(start: u32, k: u32) -> vec4f {
  let at = start + k;
  return vec4f(hidden[at], hidden[at + 1u], hidden[at + 2u], hidden[at + 3u]);
}

fn runSteps(group: u32, local: u32, lane: u32) {
  let first = (local >> 2u) * QUADS;
  loadTile(first, 0u, params.hidden, lane);
  let own = Own(unitsOf(first + lane), unitsOf(first + lane + 4u), ownedOf(first + lane), ownedOf(first + lane + 4u));
  var bias0 = vec4f();
  var bias1 = vec4f();
  if (params.hasBias != 0u) {
    bias0 = quadBias(own.units0);
    bias1 = quadBias(own.units1);
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
    for (var row = group * params.rows; row < min((group + 1u) * params.rows, params.batch); row++) {
      var product0 = bias0;
      var product1 = bias1;
      let start = row * params.hidden;
      if (hasBefore) {
        let sums = rowProduct(before + start, 0u, params.hidden, lane);
        product0 += sums[0];
        product1 += sums[1];
      }
      // Not by isActive(): its || is a branch.
      var isInside = true;
      if (HAS_LENGTHS != 0u) { isInside = f32(params.time + step * params.timeStride) < lengths[row]; }
      let gate = params.gate + step * params.stride + start;
      update(Place(gate, current + start, before + start, hasBefore, isInside), own, product0, product1);
    }
  }
}
