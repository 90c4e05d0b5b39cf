// extreme: the largest or smallest element along one axis, or its place; in parts, of which a second dispatch takes the best.
//
//   y[o][p][i] = x[o][best][i] or best, for best among the candidates c in [p·chunk, min((p + 1)·chunk, count))
//
// for o < outer, p < parts, i < inner. The candidates are the places along the axis, or those that an earlier dispatch has found. Of equal
// elements the first is taken; NaN is before all others.
//
// grid        x (and y, past the limit): outer·parts·inner / 64
// invocation  one element of y: one part of one axis
// x           read        [outer][size][inner]
// places      read        [outer][count][inner], if given is 1
// y           read_write  [outer][parts][inner]
// params
//   outer, size, inner  sizes: of all dimensions before the axis, of the axis, of all after it
//   count               candidates of an axis: its size, or the parts of an earlier dispatch
//   chunk, parts        candidates of a part; parts of an axis
//   smallest, value     1: the smallest element, else the largest; 1: the element, else its place
// uses: lib/not_a_number (isNotANumber), tensor/lib/order (orderOf)

struct Params {
  outer: u32, size: u32, inner: u32, count: u32, chunk: u32, parts: u32, smallest: u32, given: u32, value: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> places: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

fn rankOf(value: f32) -> i32 {
  if (isNotANumber(value)) { return 0x7fffffff; }
  let order = orderOf(value);
  return select(order, -order, params.smallest != 0u);
}

@compute @workgroup_size(64)
fn extreme(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.outer * params.parts * params.inner) { return; }
  let inner = index % params.inner;
  let part = (index / params.inner) % params.parts;
  let outer = index / (params.inner * params.parts);
  let start = outer * params.size * params.inner + inner;
  let first = part * params.chunk;
  var best = 0u;
  var bestRank = 0;
  for (var c = first; c < min(first + params.chunk, params.count); c++) {
    var place = c;
    if (params.given != 0u) { place = u32(places[(outer * params.count + c) * params.inner + inner]); }
    let rank = rankOf(x[start + place * params.inner]);
    if (c == first || rank > bestRank) {
      best = place;
      bestRank = rank;
    }
  }
  if (params.value != 0u) { y[index] = x[start + best * params.inner]; } else { y[index] = f32(best); }
}
