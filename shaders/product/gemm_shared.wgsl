// gemm_shared: the same product as gemm_register, with tiles of A and B staged in workgroup memory.
//
//   C[m][n] = (accumulate ? C[m][n] : 0) + bias[n] + Σ_k A[m][k]·B[k][n]      m < rows, n < columns, k < depth
//
// Elements outside A or B are staged as zero. Strides and slices as in gemm_register. For adapters with cheap barriers and slow
// memory: real GPUs.
//
// grid        x: columns / 64, y: rows / 64, z: slices, or rows of tiles past the limit
// workgroup   16 × 16 invocations: 64 rows × 64 columns of C, of one slice; it walks k in steps of 16
// invocation  4 rows × 4 columns of C; in each step it stages 4 elements of A and 4 of B
// a, b        read        [depth·rows], [depth·columns] by their strides
// bias        read        [columns]; only read if hasBias = 1
// c           read_write  [rows·columns] by its strides; must not overlap a, b or bias
// params
//   rows, columns, depth                  sizes of the product
//   sliceDepth                            depth of a slice; depth if there is only one
//   aOffset, aRowStride, aDepthStride     in elements: where A[0][0] is, the distance to the next m, and to the next k
//   bOffset, bDepthStride, bColumnStride  the same for B: next k, next n
//   cOffset, cRowStride, cColumnStride    the same for C: next m, next n
//   hasBias                               whether bias is read
//   accumulate                            1: adds to C
//   ones                                  1: the last row of A is all ones and not in memory
//   slots                                 columns that A·B reaches: bit n % 4 of each; it counts as 0 in the others
//   folded                                1: there is one slice, and z counts further rows of tiles, past the limit of y
// uses: product/lib/gemm_store (storeFour)

// Rows and columns of C of a workgroup, and the depth that is staged at a time.
const TILE = 64u;
const STEP = 16u;

struct Params {
  rows: u32, columns: u32, depth: u32, sliceDepth: u32,
  aOffset: u32, aRowStride: u32, aDepthStride: u32,
  bOffset: u32, bDepthStride: u32, bColumnStride: u32,
  cOffset: u32, cRowStride: u32, cColumnStride: u32,
  hasBias: u32, accumulate: u32, ones: u32, slots: u32, folded: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> c: array<f32>;

// [STEP][TILE / 4]: four rows of A, or four columns of B, at one k.
var<workgroup> tileA: array<vec4f, 256>;
var<workgroup> tileB: array<vec4f, 256>;

fn elementA(row: u32, k: u32, end: u32) -> f32 {
  if (row >= params.rows || k >= end) { return 0.0; }
  if (params.ones != 0u && row == params.rows - 1u) { return 1.0; }
  return a[params.aOffset + row * params.aRowStride + k * params.aDepthStride];
}

fn elementB(k: u32, column: u32, end: u32) -> f32 {
  if (column >= params.columns || k >= end) { return 0.0; }
  return b[params.bOffset + k * params.bDepthStride + column * params.bColumnStride];
}

@compute @workgroup_size(16, 16)
fn gemm_shared(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
               @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) index: u32) {
  let slice = select(group.z, 0u, params.folded != 0u);
  let first = slice * params.sliceDepth;
  let last = min(first + params.sliceDepth, params.depth);
  let rowOfTile = (group.y + params.folded * group.z * groups.y) * TILE;
  let columnOfTile = group.x * TILE;

  // Neighbouring invocations load neighbouring addresses, along either axis of A and B.
  let alongRowsA = params.aRowStride < params.aDepthStride;
  let alongDepthB = params.bDepthStride < params.bColumnStride;
  let aK = select(index % STEP, index / 16u, alongRowsA);
  let aQuad = select(index / STEP, index % 16u, alongRowsA);
  let bK = select(index / 16u, index % STEP, alongDepthB);
  let bQuad = select(index % 16u, index / STEP, alongDepthB);

  var sum0 = vec4f(); var sum1 = vec4f(); var sum2 = vec4f(); var sum3 = vec4f();
  for (var k = first; k < last; k += STEP) {
    let row = rowOfTile + aQuad * 4u;
    var fromA: vec4f;
    for (var i = 0u; i < 4u; i++) { fromA[i] = elementA(row + i, k + aK, last); }
    tileA[aK * 16u + aQuad] = fromA;
    let column = columnOfTile + bQuad * 4u;
    var fromB: vec4f;
    for (var i = 0u; i < 4u; i++) { fromB[i] = elementB(k + bK, column + i, last); }
    tileB[bK * 16u + bQuad] = fromB;
    workgroupBarrier();
    for (var i = 0u; i < STEP; i++) {
      let rows = tileA[i * 16u + local.y];
      let columns = tileB[i * 16u + local.x];
      sum0 += rows.x * columns;
      sum1 += rows.y * columns;
      sum2 += rows.z * columns;
      sum3 += rows.w * columns;
    }
    workgroupBarrier();
  }

  let row = rowOfTile + local.y * 4u;
  let column = columnOfTile + local.x * 4u;
  // A loop, so that storeFour() is compiled once.
  var sums = array<vec4f, 4>(sum0, sum1, sum2, sum3);
  for (var i = 0u; i < 4u; i++) {
    storeFour(row + i, column, slice, sums[i]);
  }
}
