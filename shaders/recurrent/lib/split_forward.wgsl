// h_{t-1}·W' for the forward `split` kernels: each workgroup splits the depth among its invocations, so that a small batch fills a GPU.
// Reads the bindings hidden and weight.
//
// workgroup   16 × SLICES invocations: 16 units, 4 batch rows
// invocation  a slice of the depth, for one unit in all 4 rows; then, in the first 4 slices, one unit in one row
//
// A kernel that uses splitProduct() provides
//   Slots   the floats of a unit's gates
//   SLICES  slices of the depth, at least one for each row
//
// needs: Slots, SLICES
// uses: recurrent/lib/sequence_lengths (anyActive)

// [4 rows][SLICES][16 units]
var<workgroup> partial: array<Slots, 64u * SLICES>;

// The product of a unit in row `row + slice`; of no use past the fourth slice. All invocations of a workgroup must call it.
fn splitProduct(row: u32, unit: u32, local: vec3u) -> Slots {
  // Rows and units outside read a valid element and are dropped in update().
  let lastRow = params.batch - 1u;
  let column = min(unit, params.hidden - 1u);
  let depth = select(0u, params.hidden, anyActive(row, 4u, params.time));
  let length = (depth + SLICES - 1u) / SLICES;
  let start = min(local.y * length, depth);
  let end = min(start + length, depth);
  var h0 = params.before + min(row, lastRow) * params.hidden + start;
  var h1 = params.before + min(row + 1u, lastRow) * params.hidden + start;
  var h2 = params.before + min(row + 2u, lastRow) * params.hidden + start;
  var h3 = params.before + min(row + 3u, lastRow) * params.hidden + start;
  var w = start * params.hidden + column;

  var sum0 = Slots(); var sum1 = Slots(); var sum2 = Slots(); var sum3 = Slots();
  for (var k = start; k < end; k++) {
    let own = weight[w];
    sum0 += hidden[h0] * own; sum1 += hidden[h1] * own;
    sum2 += hidden[h2] * own; sum3 += hidden[h3] * own;
    h0++; h1++; h2++; h3++;
    w += params.hidden;
  }
  let at = 16u * local.y + local.x;
  partial[at] = sum0;
  partial[at + 16u * SLICES] = sum1;
  partial[at + 32u * SLICES] = sum2;
  partial[at + 48u * SLICES] = sum3;
  workgroupBarrier();
  var sum = Slots();
  if (local.y < 4u) {
    for (var slice = 0u; slice < SLICES; slice++) {
      sum += partial[16u * (local.y * SLICES + slice) + local.x];
    }
  }
  return sum;
}
