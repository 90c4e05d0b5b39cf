// layer_norm_backward: gradient of layer_norm for its input, and the terms whose column sums are the weight's gradient.
//
//   n = (x - mean) / √(variance + eps), recomputed          g = gradY·weight
//   gradX = (g - mean(g) - n·mean(g·n)) / √(variance + eps)      scaled = gradY·n      row by row
//
// grid        x (and y, past the limit): rows / 64
// invocation  one row
// x, gradY    read        [rows][size]
// weight      read        [size]; only read if hasWeight = 1; otherwise 1
// gradX       read_write  [rows][size]; only written if wantsX = 1
// scaled      read_write  [rows][size]; only written if wantsScaled = 1
// params
//   rows, size           rows; elements of a row
//   hasWeight            whether weight is read
//   wantsX, wantsScaled  whether gradX and scaled are written
//   eps                  added to the variance
// uses: layer/lib/layer_statistics (statistics), lib/not_a_number (notANumber), lib/finite (isFinite)

struct Params { rows: u32, size: u32, hasWeight: u32, wantsX: u32, wantsScaled: u32, eps: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> gradY: array<f32>;
@group(0) @binding(4) var<storage, read_write> gradX: array<f32>;
@group(0) @binding(5) var<storage, read_write> scaled: array<f32>;

fn weighted(start: u32, i: u32) -> f32 {
  if (params.hasWeight != 0u) { return gradY[start + i] * weight[i]; }
  return gradY[start + i];
}

@compute @workgroup_size(64)
fn layer_norm_backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.x + id.y * groups.x * 64u;
  if (row >= params.rows) { return; }
  let start = row * params.size;
  let s = statistics(start);
  // Sums of g and of g·n, in runs of 32.
  var totals = vec2f();
  for (var first = 0u; first < params.size; first += 32u) {
    var sums = vec2f();
    for (var i = first; i < min(first + 32u, params.size); i++) {
      let g = weighted(start, i);
      let n = (x[start + i] - s.x) * s.y;
      sums += vec2f(g, g * n);
      if (params.wantsScaled != 0u) { scaled[start + i] = gradY[start + i] * n; }
    }
    totals += sums;
  }
  if (params.wantsX == 0u) { return; }
  let means = totals / f32(params.size);
  for (var i = 0u; i < params.size; i++) {
    let n = (x[start + i] - s.x) * s.y;
    gradX[start + i] = (weighted(start, i) - means.x - n * means.y) * s.y;
  }
}
