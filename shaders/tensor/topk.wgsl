// topk: the places of the largest or smallest elements along one axis, in order; of equal elements the first comes first.
//
//   x[o][places[o][0][i]][i] ≥ x[o][places[o][1][i]][i] ≥ …     or ≤, if smallest is 1
//
// for count places of o < outer, i < inner. NaN is larger than every number.
//
// grid        x (and y, past the limit): outer·inner / 64
// invocation  one axis: it looks for the best element after the one before, count times
// x           read        [outer][size][inner]
// places      read_write  [outer][count][inner]
// params
//   outer, size, inner  sizes: of all dimensions before the axis, of the axis, of all after it
//   count, smallest     how many places; 1: of the smallest elements
// uses: lib/not_a_number (isNotANumber), tensor/lib/order (orderOf)

struct Params { outer: u32, size: u32, inner: u32, count: u32, smallest: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> places: array<f32>;

fn rankOf(value: f32) -> i32 {
  let order = select(orderOf(value), 0x7fffffff, isNotANumber(value));
  return select(order, -order, params.smallest != 0u);
}

@compute @workgroup_size(64)
fn topk(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let line = id.x + id.y * groups.x * 64u;
  if (line >= params.outer * params.inner) { return; }
  let outer = line / params.inner;
  let inner = line % params.inner;
  var last = 0u;
  var lastRank = 0;
  for (var k = 0u; k < params.count; k++) {
    var best = params.size;
    var bestRank = 0;
    for (var s = 0u; s < params.size; s++) {
      let rank = rankOf(x[(outer * params.size + s) * params.inner + inner]);
      let isLeft = k == 0u || rank < lastRank || (rank == lastRank && s > last);
      if (isLeft && (best == params.size || rank > bestRank)) {
        best = s;
        bestRank = rank;
      }
    }
    places[(outer * params.count + k) * params.inner + inner] = f32(best);
    last = best;
    lastRank = bestRank;
  }
}
