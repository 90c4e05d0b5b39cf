// h_{t-1}·W' for 4 batch rows × 2 units, a vec4 over the gates each: shared by the forward `step` kernels of LSTM and GRU.
// Reads the bindings hidden and weight. `depth` is hidden, or 0 if no row is inside its sequence.

fn recurrentProduct(row: u32, unit: u32, depth: u32) -> array<vec4f, 8> {
  // Rows and units outside read a valid element and are dropped in update().
  let lastRow = params.batch - 1u;
  var h0 = params.before + row * params.hidden;
  var h1 = params.before + min(row + 1u, lastRow) * params.hidden;
  var h2 = params.before + min(row + 2u, lastRow) * params.hidden;
  var h3 = params.before + min(row + 3u, lastRow) * params.hidden;
  var w = unit;
  let right = min(unit + 1u, params.hidden - 1u) - unit;

  var sum00 = vec4f(); var sum01 = vec4f();
  var sum10 = vec4f(); var sum11 = vec4f();
  var sum20 = vec4f(); var sum21 = vec4f();
  var sum30 = vec4f(); var sum31 = vec4f();
  for (var k = 0u; k < depth; k++) {
    let w0 = weight[w];
    let w1 = weight[w + right];
    let rows = vec4f(hidden[h0], hidden[h1], hidden[h2], hidden[h3]);
    sum00 += rows.x * w0; sum01 += rows.x * w1;
    sum10 += rows.y * w0; sum11 += rows.y * w1;
    sum20 += rows.z * w0; sum21 += rows.z * w1;
    sum30 += rows.w * w0; sum31 += rows.w * w1;
    h0++; h1++; h2++; h3++;
    w += params.hidden;
  }
  return array<vec4f, 8>(sum00, sum01, sum10, sum11, sum20, sum21, sum30, sum31);
}
