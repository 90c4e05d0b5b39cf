// dG[next]·W'ᵀ for 4 batch rows × 2 units, one partial sum for each gate: shared by the backward `step` kernels of LSTM and GRU.
// Reads the bindings gates and weight. `depth` is hidden, or 0 if no step comes after.

fn recurrentProduct(row: u32, unit: u32, depth: u32) -> array<vec4f, 8> {
  // Rows and units outside read a valid element and are dropped in update().
  let lastRow = params.batch - 1u;
  var g0 = params.nextGate + row * params.hidden;
  var g1 = params.nextGate + min(row + 1u, lastRow) * params.hidden;
  var g2 = params.nextGate + min(row + 2u, lastRow) * params.hidden;
  var g3 = params.nextGate + min(row + 3u, lastRow) * params.hidden;
  var w0 = unit * params.hidden;
  var w1 = min(unit + 1u, params.hidden - 1u) * params.hidden;

  var sum00 = vec4f(); var sum01 = vec4f();
  var sum10 = vec4f(); var sum11 = vec4f();
  var sum20 = vec4f(); var sum21 = vec4f();
  var sum30 = vec4f(); var sum31 = vec4f();
  for (var j = 0u; j < depth; j++) {
    let left = weight[w0];
    let right = weight[w1];
    let row0 = gates[g0];
    let row1 = gates[g1];
    let row2 = gates[g2];
    let row3 = gates[g3];
    sum00 += row0 * left; sum01 += row0 * right;
    sum10 += row1 * left; sum11 += row1 * right;
    sum20 += row2 * left; sum21 += row2 * right;
    sum30 += row3 * left; sum31 += row3 * right;
    g0++; g1++; g2++; g3++; w0++; w1++;
  }
  return array<vec4f, 8>(sum00, sum01, sum10, sum11, sum20, sum21, sum30, sum31);
}
