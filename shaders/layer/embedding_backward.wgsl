// embedding_backward: the gradient of an embedding's table.
//
//   gradWeight[r][j] = Σ gradY[i][j]     over i < count with indices[i] = r, in order; 0 for r = padding
//
// No two invocations write the same element, and every sum follows the order of the indices.
//
// grid        x (and y, past the limit): ranges·width / 64, ranges = rows / rangeRows
// invocation  one column of rangeRows rows: it zeroes them, then walks all indices and adds for those in its range
// indices     read        [count], float32 integers; values outside [0, rows) are skipped
// gradY       read        [count][width]
// gradWeight  read_write  [rows][width]
// params
//   count        indices
//   rows, width  rows and columns of the table
//   rangeRows    rows of an invocation
//   padding      row without a gradient; -1 for none
// uses: lib/row_index (isIndex)

struct Params { count: u32, rows: u32, width: u32, rangeRows: u32, padding: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> indices: array<f32>;
@group(0) @binding(2) var<storage, read> gradY: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradWeight: array<f32>;

@compute @workgroup_size(64)
fn embedding_backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let invocation = id.x + id.y * groups.x * 64u;
  let column = invocation % params.width;
  let first = (invocation / params.width) * params.rangeRows;
  if (first >= params.rows) { return; }
  let end = min(first + params.rangeRows, params.rows);
  for (var row = first; row < end; row++) { gradWeight[row * params.width + column] = 0.0; }
  for (var i = 0u; i < params.count; i++) {
    let index = indices[i];
    if (isIndex(index, end) && index >= f32(first) && index != params.padding) {
      gradWeight[u32(index) * params.width + column] += gradY[i * params.width + column];
    }
  }
}
