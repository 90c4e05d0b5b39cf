// dG[next]·W'ᵀ for the backward `split` kernels: each workgroup splits the depth among its invocations, so that a small batch fills a GPU.
// Reads the bindings gates and weight, which is transposed: neighbouring invocations load neighbouring values.
//
// workgroup   16 × SLICES invocations: 16 units, 4 batch rows
// invocation  a slice of the depth, for one unit in all 4 rows; then, in the first 4 slices, one unit in one row
//
// A kernel that uses splitProduct() provides
//   reached(grad, weight)  what the gradients of a unit's gates add to the gradient of h through their weights
//   SLICES                 slices of the depth, at least one for each row
//
// needs: reached, SLICES
// uses: recurrent/lib/sequence_lengths (isActive, anyActive)

// [4 rows][SLICES][16 units]
var<workgroup> partial: array<f32, 64u * SLICES>;

// The product of a unit in row `row + slice`; of no use past the fourth slice. All invocations of a workgroup must call it.
fn splitProduct(row: u32, unit: u32, local: vec3u) -> f32 {
  // Rows and units outside read a valid element and are dropped in update().
  let lastRow = params.batch - 1u;
  let column = min(unit, params.hidden - 1u);
  let depth = select(0u, params.hidden * params.hasNext, anyActive(row, 4u, params.nextTime));
  let length = (depth + SLICES - 1u) / SLICES;
  let start = min(local.y * length, depth);
  let end = min(start + length, depth);
  var g0 = params.nextGate + min(row, lastRow) * params.hidden + start;
  var g1 = params.nextGate + min(row + 1u, lastRow) * params.hidden + start;
  var g2 = params.nextGate + min(row + 2u, lastRow) * params.hidden + start;
  var g3 = params.nextGate + min(row + 3u, lastRow) * params.hidden + start;
  var w = start * params.hidden + column;

  var sum0 = 0.0; var sum1 = 0.0; var sum2 = 0.0; var sum3 = 0.0;
  for (var j = start; j < end; j++) {
    let own = weight[w];
    sum0 += reached(gates[g0], own); sum1 += reached(gates[g1], own);
    sum2 += reached(gates[g2], own); sum3 += reached(gates[g3], own);
    g0++; g1++; g2++; g3++;
    w += params.hidden;
  }
  let at = 16u * local.y + local.x;
  partial[at] = sum0;
  partial[at + 16u * SLICES] = sum1;
  partial[at + 32u * SLICES] = sum2;
  partial[at + 48u * SLICES] = sum3;
  workgroupBarrier();
  if (local.y >= 4u || !isActive(row + local.y, params.nextTime)) {
    // Where the row has no next step dG is zero, and 0·∞ would be NaN.
    return 0.0;
  }
  var sum = 0.0;
  for (var slice = 0u; slice < SLICES; slice++) {
    sum += partial[16u * (local.y * SLICES + slice) + local.x];
  }
  return sum;
}
