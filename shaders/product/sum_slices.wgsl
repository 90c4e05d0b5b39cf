// sum_slices: adds the depth slices of a gemm product, in order, and writes the sum with the output's strides.
//
//   out[m·outRowStride + n·outColumnStride] = Σ_s partial[s][m][n]        m < outRows
//   bias1[n] = bias2[n] = Σ_s partial[s][outRows][n]                                   if biases > 0
//
// A recurrent cell's units have four slots, but a weight or bias may not use all of them. The sum is zero in unused slots.
//
// grid      x (and y, past the limit): (outRows + (biases > 0 ? 1 : 0))·columns / 64
// partial   read        [slices][outRows (+ 1)][columns]
// out       read_write  [outRows·columns] by its strides
// bias1     read_write  [columns]; only written if biases ≥ 1
// bias2     read_write  [columns]; only written if biases = 2
// params
//   slices                            slices of the product; 0 gives zeros
//   outRows, columns                  rows of out; columns of out and of the biases
//   biases                            0, 1 or 2: number of biases
//   outRowStride, outColumnStride     distance to the next m, and to the next n, in elements of out
//   outSlots, bias1Slots, bias2Slots  used slots: bit n % 4 says whether column n is used

struct Params {
  slices: u32, outRows: u32, columns: u32, biases: u32,
  outRowStride: u32, outColumnStride: u32, outSlots: u32, bias1Slots: u32, bias2Slots: u32,
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
  let slot = 1u << (column % 4u);
  if (row < params.outRows) {
    out[row * params.outRowStride + column * params.outColumnStride] = select(0.0, sum, (params.outSlots & slot) != 0u);
  } else {
    bias1[column] = select(0.0, sum, (params.bias1Slots & slot) != 0u);
    if (params.biases > 1u) { bias2[column] = select(0.0, sum, (params.bias2Slots & slot) != 0u); }
  }
}
