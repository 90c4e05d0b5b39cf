// gemm_shared: the same product as gemm_register, with tiles of A and B staged in workgroup memory.
//
//   C[m][n] = (accumulate ? C[m][n] : 0) + bias[n] + Σ_k A[m][k]·B[k][n]      m < rows, n < columns, k < depth
//
// Elements outside A or B are staged as zero. Strides and slices as in gemm_register. For adapters with cheap barriers and slow
// memory: real GPUs.
//
// grid        x: columns / 64, y: rows / 64, z: slices, or rows of tiles past the limit
// workgroup   8 × 8 invocations: 64 rows × 64 columns of C, of one slice; it walks k in steps of 16
// invocation  8 rows × 8 columns of C, in four blocks of 4 × 4; in each step it stages 16 elements of A and 16 of B
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
// Quads from one k to the next in a staged tile: 16, and one that is not used, so that the lines begin in different memory banks.
const LINE = 17u;

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

// [STEP][LINE]: four rows of A, or four columns of B, at one k.
var<workgroup> tileA: array<vec4f, 272>;
var<workgroup> tileB: array<vec4f, 272>;

fn elementA(row: u32, k: u32, end: u32) -> f32 {
  if (row >= params.rows || k >= end) { return 0.0; }
  if (params.ones != 0u && row == params.rows - 1u) { return 1.0; }
  return a[params.aOffset + row * params.aRowStride + k * params.aDepthStride];
}

fn elementB(k: u32, column: u32, end: u32) -> f32 {
  if (column >= params.columns || k >= end) { return 0.0; }
  return b[params.bOffset + k * params.bDepthStride + column * params.bColumnStride];
}

@compute @workgroup_size(8, 8)
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

  // [8 rows][2 quads]: rows local.y·4 … of the tile's upper half, then of its lower half; the same quads of its left and right half.
  var sums: array<vec4f, 16>;
  for (var k = first; k < last; k += STEP) {
    for (var at = index; at < STEP * 16u; at += 64u) {
      let aK = select(at % STEP, at / 16u, alongRowsA);
      let aQuad = select(at / STEP, at % 16u, alongRowsA);
      let bK = select(at / 16u, at % STEP, alongDepthB);
      let bQuad = select(at % 16u, at / STEP, alongDepthB);
      var fromA: vec4f;
      var fromB: vec4f;
      // @unroll
      for (var e = 0u; e < 4u; e++) {
        fromA[e] = elementA(rowOfTile + aQuad * 4u + e, k + aK, last);
        fromB[e] = elementB(k + bK, columnOfTile + bQuad * 4u + e, last);
      }
      tileA[aK * LINE + aQuad] = fromA;
      tileB[bK * LINE + bQuad] = fromB;
    }
    workgroupBarrier();
    for (var i = 0u; i < STEP; i += 2u) {
      // @unroll
      for (var j = 0u; j < 2u; j++) {
        let upper = tileA[(i + j) * LINE + local.y];
        let lower = tileA[(i + j) * LINE + local.y + 8u];
        let left = tileB[(i + j) * LINE + local.x];
        let right = tileB[(i + j) * LINE + local.x + 8u];
        // @unroll
        for (var r = 0u; r < 4u; r++) {
          sums[2u * r] += upper[r] * left;
          sums[2u * r + 1u] += upper[r] * right;
          sums[8u + 2u * r] += lower[r] * left;
          sums[9u + 2u * r] += lower[r] * right;
        }
      }
    }
    workgroupBarrier();
  }

  // A loop, so that storeFour() is compiled once.
  for (var i = 0u; i < 16u; i++) {
    let row = rowOfTile + (i / 8u * 8u + local.y) * 4u + i / 2u % 4u;
    let column = columnOfTile + (i % 2u * 8u + local.x) * 4u;
    storeFour(row, column, slice, sums[i]);
  }
}
