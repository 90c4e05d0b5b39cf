// h_{t-1}·W' for 8 batch rows × 2 units, a vec4 over the gates each, in subgroups of four lanes: the lanes own the same rows and
// neighbouring units. Of four steps along h each lane loads one for the 8 rows and broadcasts it, so that a load of h serves
// 8 units. Uses the bindings hidden and weight; depth is hidden, or 0 where there is no state before.

// Where h_{t-1} of a batch row begins; rows outside read a valid one and are dropped in update().
fn rowOfHidden(row: u32) -> u32 {
  return params.before + min(row, params.batch - 1u) * params.hidden;
}

fn recurrentProduct(row: u32, unit: u32, depth: u32, lane: u32) -> array<vec4f, 16> {
  let r0 = rowOfHidden(row); let r1 = rowOfHidden(row + 1u); let r2 = rowOfHidden(row + 2u); let r3 = rowOfHidden(row + 3u);
  let r4 = rowOfHidden(row + 4u); let r5 = rowOfHidden(row + 5u); let r6 = rowOfHidden(row + 6u); let r7 = rowOfHidden(row + 7u);
  let lastUnit = params.hidden - 1u;
  let left = min(unit, lastUnit);
  let right = min(unit + 1u, lastUnit);

  var sum00 = vec4f(); var sum01 = vec4f(); var sum10 = vec4f(); var sum11 = vec4f();
  var sum20 = vec4f(); var sum21 = vec4f(); var sum30 = vec4f(); var sum31 = vec4f();
  var sum40 = vec4f(); var sum41 = vec4f(); var sum50 = vec4f(); var sum51 = vec4f();
  var sum60 = vec4f(); var sum61 = vec4f(); var sum70 = vec4f(); var sum71 = vec4f();
  for (var k = 0u; k < depth; k += 4u) {
    // Past the end h counts as zero.
    let mine = min(k + lane, lastUnit);
    let inside = select(0.0, 1.0, k + lane < depth);
    let h0 = inside * hidden[r0 + mine]; let h1 = inside * hidden[r1 + mine];
    let h2 = inside * hidden[r2 + mine]; let h3 = inside * hidden[r3 + mine];
    let h4 = inside * hidden[r4 + mine]; let h5 = inside * hidden[r5 + mine];
    let h6 = inside * hidden[r6 + mine]; let h7 = inside * hidden[r7 + mine];
    // @unroll
    for (var step = 0u; step < 4u; step++) {
      let at = min(k + step, lastUnit) * params.hidden;
      let w0 = weight[at + left];
      let w1 = weight[at + right];
      let x0 = subgroupBroadcast(h0, step); let x1 = subgroupBroadcast(h1, step);
      let x2 = subgroupBroadcast(h2, step); let x3 = subgroupBroadcast(h3, step);
      let x4 = subgroupBroadcast(h4, step); let x5 = subgroupBroadcast(h5, step);
      let x6 = subgroupBroadcast(h6, step); let x7 = subgroupBroadcast(h7, step);
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
