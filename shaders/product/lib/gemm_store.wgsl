// Stores a product one element at a time. Bindings and params are those that gemm_register and gemm_shared have in common.

// Writes one element, adding the bias and the old value of C if requested.
fn store(row: u32, column: u32, slice: u32, sum: f32) {
  if (row >= params.rows || column >= params.columns) { return; }
  let at = params.cOffset + slice * params.rows * params.columns + row * params.cRowStride + column * params.cColumnStride;
  var value = sum;
  if (params.hasBias != 0u) { value += bias[column]; }
  if (params.accumulate != 0u) { value += c[at]; }
  c[at] = value;
}

fn storeFour(row: u32, column: u32, slice: u32, sum: vec4f) {
  store(row, column, slice, sum.x);
  store(row, column + 1u, slice, sum.y);
  store(row, column + 2u, slice, sum.z);
  store(row, column + 3u, slice, sum.w);
}
