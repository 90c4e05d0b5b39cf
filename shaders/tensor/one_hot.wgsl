// one_hot: y[i][c] = x[i] = c ? 1 : 0 for i < size, c < classes; NaN in a row whose x is no class.
//
// grid      x (and y, past the limit): size·classes / 64
// x         read        [size]
// y         read_write  [size][classes]
// params    invalid: NaN
// uses: lib/row_index (isIndex)

struct Params { size: u32, classes: u32, invalid: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn one_hot(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size * params.classes) { return; }
  let value = x[index / params.classes];
  var result = params.invalid;
  if (isIndex(value, params.classes)) { result = select(0.0, 1.0, u32(value) == index % params.classes); }
  y[index] = result;
}
