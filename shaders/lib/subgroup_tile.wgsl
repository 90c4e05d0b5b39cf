// A tile of a product for adapters whose subgroups have four lanes (SwiftShader), 16 rows × 8 columns an invocation:
//
//   tile[r][q] = Σ_k A[row + r][k] · B[k][quad + q]        first ≤ k < last; a quad is four neighbouring columns
//
// The four lanes own the same rows and neighbouring columns. Of four steps along k each lane loads one for the 16 rows and
// broadcasts it, so that a load of A serves 32 columns and a load of B 16 rows. What A and B are the kernel's file says:
// rowStart(row), elementA(start, k) and quadB(k, quad). Rows and quads outside read something valid and are dropped later.

const ROWS = 16u;
const QUADS = 2u;

fn subgroupTile(row: u32, quad: u32, first: u32, last: u32, lane: u32) -> array<vec4f, 32> {
  var starts: array<u32, ROWS>;
  // @unroll
  for (var r = 0u; r < 16u; r++) { starts[r] = rowStart(row + r); }
  var sums: array<vec4f, 32>;
  for (var k = first; k < last; k += 4u) {
    // Past the end A counts as zero.
    let mine = min(k + lane, last - 1u);
    let inside = k + lane < last;
    var b: array<vec4f, 8>;
    // @unroll
    for (var s = 0u; s < 4u; s++) {
      let at = min(k + s, last - 1u);
      b[s * QUADS] = quadB(at, quad);
      b[s * QUADS + 1u] = quadB(at, quad + 1u);
    }
    // @unroll
    for (var r = 0u; r < 16u; r++) {
      let own = select(0.0, elementA(starts[r], mine), inside);
      let x0 = subgroupBroadcast(own, 0u); let x1 = subgroupBroadcast(own, 1u);
      let x2 = subgroupBroadcast(own, 2u); let x3 = subgroupBroadcast(own, 3u);
      sums[r * QUADS] += x0 * b[0] + x1 * b[2] + x2 * b[4] + x3 * b[6];
      sums[r * QUADS + 1u] += x0 * b[1] + x1 * b[3] + x2 * b[5] + x3 * b[7];
    }
  }
  return sums;
}
