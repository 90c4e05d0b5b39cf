// The forward `sequence4` kernels' loop over many time steps in one dispatch. For subgroups of four lanes (SwiftShader), up to 256 units.
//
// workgroup   `rows` batch rows, all units and steps: it needs no result of another workgroup
// subgroup    QUADS quads of units; it loads the weights that lead to them once, as the tile of lib/lanes4_product
// invocation  quads l and l + 4 of its subgroup's, l being its lane: its share of the product is theirs
//
// params
//   batch, hidden       batch rows; units of the layer
//   rows                batch rows of a workgroup
//   steps               time steps of the dispatch
//   gate, current       offsets in gates and in the states of the first step; in gates a unit counts as one
//   stride              distance from one step to the next in both, modulo 2³²: negative in the reverse direction
//   before              offset of the state before the first step
//   isRing              1: only two states are kept, and the steps use `current` and `before` in turn
//   hasBias             whether bias is read
//   time, timeStride    the first step, and 1 or -1, to compare with lengths
//
// A kernel that uses runSteps() provides
//   Units, Owned                           the units of a quad, and whether the lane stores each of them
//   unitsOf(quad) -> Units                 the units of a quad, moved into the layer if they are outside
//   ownedOf(quad) -> Owned                 which of them are in the layer
//   quadB(k, quad) -> vec4f                the weights from unit k to a quad
//   quadBias(units) -> vec4f               b_hh of a quad
//   update(at, own, product0, product1)    stores gates and states of the lane's two quads, from recurrent product plus bias
//
// uses: lib/lanes4_product (loadTile, rowProduct, QUADS)
// needs: Units, Owned, unitsOf, ownedOf, quadBias, update

// Offsets of one batch row's values in one step, and what is known of the step.
struct Place { gate: u32, state: u32, before: u32, isInside: bool }

struct Own { units0: Units, units1: Units, owned0: Owned, owned1: Owned }

// A constant, so that unused code is left out: SwiftShader executes both sides of a branch.
const HAS_LENGTHS = 1u;

// Four values of the state before, for rowProduct().
fn quadA(start: u32, k: u32, j: u32) -> vec4f {
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
    // All subgroups have stored h of the step before.
    if (step > 0u) { storageBarrier(); }
    var current = params.current + step * params.stride;
    var before = current - params.stride;
    if (params.isRing != 0u) {
      current = select(params.current, params.before, (step & 1u) != 0u);
      before = select(params.before, params.current, (step & 1u) != 0u);
    }
    for (var row = group * params.rows; row < min((group + 1u) * params.rows, params.batch); row++) {
      let start = row * params.hidden;
      let sums = rowProduct(before + start, 0u, params.hidden, lane);
      let product0 = bias0 + sums[0];
      let product1 = bias1 + sums[1];
      // isActive() would branch at its ||.
      var isInside = true;
      if (HAS_LENGTHS != 0u) { isInside = f32(params.time + step * params.timeStride) < lengths[row]; }
      let gate = params.gate + step * params.stride + start;
      update(Place(gate, current + start, before + start, isInside), own, product0, product1);
    }
  }
}
