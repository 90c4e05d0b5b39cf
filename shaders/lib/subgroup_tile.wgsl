// A tile of a product for adapters whose subgroups have four lanes (SwiftShader), 16 rows × 8 columns an invocation:
//
//   tile[r][q] = Σ_k A[row + r][k] · B[k][quad + q]        first ≤ k < last; a quad is four neighbouring columns
//
// The four lanes own the same rows and neighbouring columns. Of four steps along k each lane loads one for the 16 rows and
// broadcasts it, so that a load of A serves 32 columns and a load of B 16 rows. What A and B are the kernel's file says:
// rowStart(row), elementA(start, k) and quadB(k, quad). Rows and quads outside read something valid and are dropped later.

const ROWS = 16u;
const QUADS = 2u;

// sum + x₀·b₀ + x₁·b₁ + x₂·b₂ + x₃·b₃, one column after the other: SwiftShader takes every component of a vec4 by itself and keeps
// a sum in a register only while nothing else comes between.
fn addProducts(sum: vec4f, x: vec4f, b0: vec4f, b1: vec4f, b2: vec4f, b3: vec4f) -> vec4f {
  return vec4f(
    sum.x + x.x * b0.x + x.y * b1.x + x.z * b2.x + x.w * b3.x,
    sum.y + x.x * b0.y + x.y * b1.y + x.z * b2.y + x.w * b3.y,
    sum.z + x.x * b0.z + x.y * b1.z + x.z * b2.z + x.w * b3.z,
    sum.w + x.x * b0.w + x.y * b1.w + x.z * b2.w + x.w * b3.w,
  );
}

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
      let x = vec4f(x0, x1, x2, x3);
      sums[r * QUADS] = addProducts(sums[r * QUADS], x, b[0], b[2], b[4], b[6]);
      sums[r * QUADS + 1u] = addProducts(sums[r * QUADS + 1u], x, b[1], b[3], b[5], b[7]);
    }
  }
  return sums;
}
