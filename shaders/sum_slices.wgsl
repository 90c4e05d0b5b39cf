// sum_slices: adds the slices of a product that gemm cut along its depth, in order, and lays the sum out.
//
//   out[m·outRowStride + n·outColumnStride] = Σ_s partial[s][m][n]        m < outRows
//   bias1[n] = bias2[n] = Σ_s partial[s][outRows][n]                                   where biases > 0
//
// grid      x: (outRows + (biases > 0 ? 1 : 0))·columns / 64
// partial   read        [slices][outRows (+ 1)][columns]
// out       read_write  [outRows·columns] by its strides
// bias1     read_write  [columns]; written where biases ≥ 1
// bias2     read_write  [columns]; written where biases = 2 (an LSTM's two biases have the same gradient)

struct Params {
  slices: u32, outRows: u32, columns: u32, biases: u32,
  outRowStride: u32, outColumnStride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(3) var<storage, read_write> bias1: array<f32>;
@group(0) @binding(4) var<storage, read_write> bias2: array<f32>;

@compute @workgroup_size(64)
fn sum_slices(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  let size = (params.outRows + min(params.biases, 1u)) * params.columns;
  if (index >= size) { return; }
  var sum = 0.0;
  for (var s = 0u; s < params.slices; s++) {
    sum += partial[s * size + index];
  }
  let row = index / params.columns;
  let column = index % params.columns;
  if (row < params.outRows) {
    out[row * params.outRowStride + column * params.outColumnStride] = sum;
  } else {
    bias1[column] = sum;
    if (params.biases > 1u) { bias2[column] = sum; }
  }
}
