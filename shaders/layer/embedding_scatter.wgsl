// embedding_scatter: moves every index to its place, the last third of a sorting pass. Equal digits keep their order.
//
//   sorted[p] = key[i], place[p] = where i was at first      p = counts[digit(key[i])][block of i], which then grows by 1
//
// grid        x (and y, past the limit): blocks / 64
// invocation  one block of `size` indices, in order, and its column of counts
// indices     read        [count], float32 integers; only read if first = 1
// keys        read        [count], u32 table rows; only read if first = 0
// order       read        [count], u32: where each key was before all passes; only read if first = 0
// counts      read_write  [digits][blocks], u32, by embedding_places
// sorted      read_write  [count], u32
// place       read_write  [count], u32
// params
//   count, size, blocks  indices; indices of a block; blocks
//   digits, divisor      values of a digit; what a key is divided by, so that its digit comes last
//   first                1: this is the first pass
//   rows, padding        rows of the table; row without a gradient, -1 for none
// uses: lib/row_index (isIndex), layer/lib/embedding_key (keyOf)

struct Params {
  count: u32, size: u32, blocks: u32, digits: u32, divisor: u32, first: u32, rows: u32, padding: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> indices: array<f32>;
@group(0) @binding(2) var<storage, read> keys: array<u32>;
@group(0) @binding(3) var<storage, read> order: array<u32>;
@group(0) @binding(4) var<storage, read_write> counts: array<u32>;
@group(0) @binding(5) var<storage, read_write> sorted: array<u32>;
@group(0) @binding(6) var<storage, read_write> place: array<u32>;

@compute @workgroup_size(64)
fn embedding_scatter(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.blocks) { return; }
  let end = min((index + 1u) * params.size, params.count);
  for (var i = index * params.size; i < end; i++) {
    let key = keyOf(i);
    let at = (key / params.divisor % params.digits) * params.blocks + index;
    let to = counts[at];
    counts[at] = to + 1u;
    sorted[to] = key;
    var start = i;
    if (params.first == 0u) { start = order[i]; }
    place[to] = start;
  }
}
