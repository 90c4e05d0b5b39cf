// The table row of an index that is to be sorted, or `rows`, which is no row, for an index without a gradient. The first pass of a sort reads
// it from the bindings indices, the others from keys. Reads params.first, params.rows and params.padding.
// uses: lib/row_index (isIndex)

fn keyOf(i: u32) -> u32 {
  if (params.first == 0u) { return keys[i]; }
  let index = indices[i];
  let isRow = isIndex(index, params.rows) && index != params.padding;
  return select(params.rows, u32(clamp(index, 0.0, 4294967040.0)), isRow);
}
