// Stores a product one element at a time. Bindings and params are those that gemm_register and gemm_shared have in common.

// Writes one element, adding the bias and the old value of C if requested. In a column outside the slots B is zero, and the sum NaN where A
// is infinite.
fn store(row: u32, column: u32, slice: u32, sum: f32) {
  if (row >= params.rows || column >= params.columns) { return; }
  let at = params.cOffset + slice * params.rows * params.columns + row * params.cRowStride + column * params.cColumnStride;
  var value = select(0.0, sum, ((params.slots >> (column % 4u)) & 1u) != 0u);
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
