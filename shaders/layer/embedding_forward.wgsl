// embedding_forward: rows of a table by index.
//
//   y[i][j] = weight[indices[i]][j]     i < count, j < width
//
// An index that is not an integer in [0, rows) gives `invalid`, which the host sets to NaN; nothing outside the table is read.
//
// grid      x (and y, past the limit): count·width / 64
// weight    read        [rows][width]
// indices   read        [count], float32 integers
// y         read_write  [count][width]
// uses: lib/row_index (isIndex)

struct Params { count: u32, rows: u32, width: u32, invalid: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> indices: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn embedding_forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.count * params.width) { return; }
  let index = indices[at / params.width];
  if (isIndex(index, params.rows)) {
    y[at] = weight[u32(index) * params.width + at % params.width];
  } else {
    y[at] = params.invalid;
  }
}
