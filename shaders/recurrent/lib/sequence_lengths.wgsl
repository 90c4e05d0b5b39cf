// Tells which batch rows are still inside their sequences. Reads the binding lengths, [batch], and params.hasLengths.

fn isActive(row: u32, time: u32) -> bool {
  return params.hasLengths == 0u || f32(time) < lengths[row];
}

// Whether any of `count` rows, from `row` on, is inside.
fn anyActive(row: u32, count: u32, time: u32) -> bool {
  if (params.hasLengths == 0u) { return true; }
  var any = false;
  for (var r = row; r < min(row + count, params.batch); r++) {
    any = any || f32(time) < lengths[r];
  }
  return any;
}
