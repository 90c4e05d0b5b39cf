// dG[next]·W'ᵀ for 8 batch rows × 2 units, one partial sum a gate, in subgroups of four lanes: the lanes own the same rows and
// neighbouring units. Of four steps along dG each lane loads one for the 8 rows and broadcasts it, so that a load of dG
// serves 8 units. Uses the bindings gates and weight; depth is hidden, or 0 where no step comes after.

// Where dG[next] of a batch row begins; rows outside read a valid one and are dropped in update().
fn rowOfGates(row: u32) -> u32 {
  return params.nextGate + min(row, params.batch - 1u) * params.hidden;
}

fn recurrentProduct(row: u32, unit: u32, depth: u32, lane: u32) -> array<vec4f, 16> {
  let r0 = rowOfGates(row); let r1 = rowOfGates(row + 1u); let r2 = rowOfGates(row + 2u); let r3 = rowOfGates(row + 3u);
  let r4 = rowOfGates(row + 4u); let r5 = rowOfGates(row + 5u); let r6 = rowOfGates(row + 6u); let r7 = rowOfGates(row + 7u);
  let lastUnit = params.hidden - 1u;
  let left = min(unit, lastUnit) * params.hidden;
  let right = min(unit + 1u, lastUnit) * params.hidden;

  var sum00 = vec4f(); var sum01 = vec4f(); var sum10 = vec4f(); var sum11 = vec4f();
  var sum20 = vec4f(); var sum21 = vec4f(); var sum30 = vec4f(); var sum31 = vec4f();
  var sum40 = vec4f(); var sum41 = vec4f(); var sum50 = vec4f(); var sum51 = vec4f();
  var sum60 = vec4f(); var sum61 = vec4f(); var sum70 = vec4f(); var sum71 = vec4f();
  for (var j = 0u; j < depth; j += 4u) {
    // Past the end dG counts as zero.
    let mine = min(j + lane, lastUnit);
    let inside = select(0.0, 1.0, j + lane < depth);
    let g0 = inside * gates[r0 + mine]; let g1 = inside * gates[r1 + mine];
    let g2 = inside * gates[r2 + mine]; let g3 = inside * gates[r3 + mine];
    let g4 = inside * gates[r4 + mine]; let g5 = inside * gates[r5 + mine];
    let g6 = inside * gates[r6 + mine]; let g7 = inside * gates[r7 + mine];
    // @unroll
    for (var step = 0u; step < 4u; step++) {
      let at = min(j + step, lastUnit);
      let w0 = weight[left + at];
      let w1 = weight[right + at];
      let x0 = subgroupBroadcast(g0, step); let x1 = subgroupBroadcast(g1, step);
      let x2 = subgroupBroadcast(g2, step); let x3 = subgroupBroadcast(g3, step);
      let x4 = subgroupBroadcast(g4, step); let x5 = subgroupBroadcast(g5, step);
      let x6 = subgroupBroadcast(g6, step); let x7 = subgroupBroadcast(g7, step);
      sum00 += x0 * w0; sum01 += x0 * w1; sum10 += x1 * w0; sum11 += x1 * w1;
      sum20 += x2 * w0; sum21 += x2 * w1; sum30 += x3 * w0; sum31 += x3 * w1;
      sum40 += x4 * w0; sum41 += x4 * w1; sum50 += x5 * w0; sum51 += x5 * w1;
      sum60 += x6 * w0; sum61 += x6 * w1; sum70 += x7 * w0; sum71 += x7 * w1;
    }
  }
  return array<vec4f, 16>(
    sum00, sum01, sum10, sum11, sum20, sum21, sum30, sum31,
    sum40, sum41, sum50, sum51, sum60, sum61, sum70, sum71,
  );
}
