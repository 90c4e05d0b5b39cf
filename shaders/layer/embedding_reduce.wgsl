// embedding_reduce: sums values of equal keys, which lie side by side: one stage of the gradient of an embedding's table.
//
//   gradWeight[k][j] = Σ values[i][j]     over i with keys[i] = k
//
// A run of equal keys inside a chunk is summed in order and goes to the table. The first run of a chunk and its last may go on in the
// neighbouring chunks: their sums are what the next stage sums, two for each chunk. With one chunk all runs go to the table. So a sum of n
// values rounds like one of 64·log n, and no two invocations write the same element.
//
// grid        x (and y, past the limit): chunks·width / 64, chunks = count / CHUNK
// invocation  one column of one chunk
// keys        read        [count], u32, ascending
// order       read        [count], u32: the row of each key in values; only read if ordered = 1, else i itself
// values      read        [rows of values][width]
// gradWeight  read_write  [rows][width]; zero at first
// nextKeys    read_write  [2·chunks], u32; not written if there is one chunk
// nextValues  read_write  [2·chunks][width]; not written if there is one chunk
// params
//   count        keys
//   rows, width  rows and columns of the table; the key `rows` has no gradient
//   ordered      whether order is read

const CHUNK = 64u;

struct Params { count: u32, rows: u32, width: u32, ordered: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> keys: array<u32>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> values: array<f32>;
@group(0) @binding(4) var<storage, read_write> gradWeight: array<f32>;
@group(0) @binding(5) var<storage, read_write> nextKeys: array<u32>;
@group(0) @binding(6) var<storage, read_write> nextValues: array<f32>;

fn toTable(key: u32, column: u32, sum: f32) {
  if (key < params.rows) { gradWeight[key * params.width + column] = sum; }
}

fn toNext(slot: u32, key: u32, column: u32, sum: f32) {
  nextValues[slot * params.width + column] = sum;
  if (column == 0u) { nextKeys[slot] = key; }
}

@compute @workgroup_size(64)
fn embedding_reduce(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let invocation = id.x + id.y * groups.x * 64u;
  let column = invocation % params.width;
  let chunk = invocation / params.width;
  let first = chunk * CHUNK;
  if (first >= params.count) { return; }
  let isOnly = params.count <= CHUNK;
  var key = keys[first];
  var sum = 0.0;
  var isFirstRun = true;
  for (var i = first; i < min(first + CHUNK, params.count); i++) {
    let next = keys[i];
    if (next != key) {
      if (isFirstRun && !isOnly) { toNext(2u * chunk, key, column, sum); } else { toTable(key, column, sum); }
      isFirstRun = false;
      key = next;
      sum = 0.0;
    }
    var row = i;
    if (params.ordered != 0u) { row = order[i]; }
    sum += values[row * params.width + column];
  }
  if (isOnly) {
    toTable(key, column, sum);
    return;
  }
  // One run is the first and the last: it counts once.
  if (isFirstRun) {
    toNext(2u * chunk, key, column, sum);
    sum = 0.0;
  }
  toNext(2u * chunk + 1u, key, column, sum);
}
