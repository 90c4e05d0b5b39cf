// layer_norm_forward: centers every row and scales it to variance 1 (Ba, Kiros and Hinton, 2016,
// https://arxiv.org/abs/1607.06450), then scales and shifts each element.
//
//   y[r][i] = (x[r][i] - mean_r) / √(variance_r + eps) · weight[i] + bias[i]     r < rows, i < size
//
// grid        x (and y, past the limit): rows / 64
// invocation  one row
// x           read        [rows][size]
// weight      read        [size]; only read if hasWeight = 1; otherwise 1
// bias        read        [size]; only read if hasBias = 1; otherwise 0
// y           read_write  [rows][size]
// params
//   rows, size          rows; elements of a row
//   hasWeight, hasBias  whether weight and bias are read
//   eps                 added to the variance
// uses: layer/lib/layer_statistics (statistics), lib/not_a_number (notANumber), lib/finite (isFinite)

struct Params { rows: u32, size: u32, hasWeight: u32, hasBias: u32, eps: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn layer_norm_forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.x + id.y * groups.x * 64u;
  if (row >= params.rows) { return; }
  let start = row * params.size;
  let s = statistics(start);
  for (var i = 0u; i < params.size; i++) {
    var value = (x[start + i] - s.x) * s.y;
    if (params.hasWeight != 0u) { value *= weight[i]; }
    if (params.hasBias != 0u) { value += bias[i]; }
    y[start + i] = value;
  }
}
