enable subgroups;
// gemm_lanes4: the same product as gemm_register, for adapters with four-lane subgroups (SwiftShader).
//
//   C[m][n] = (accumulate ? C[m][n] : 0) + bias[n] + Σ_k A[m][k]·B[k][n]      m < rows, n < columns, k < depth
//
// See lib/lanes4_product for how the lanes share the work. Strides and slices as in gemm_register. A slice that is deeper than the tile
// of B is done in parts, whose sums are added in C.
//
// grid        x: columns / COLUMNS, y: rows / tileRows, z: slices, or rows of tiles past the limit
// workgroup   one subgroup of four lanes: tileRows rows × COLUMNS columns of C, of one slice
// invocation  quads l, l + 4, … of these columns (l is its lane), in all these rows; a quad is four neighbouring columns
// a           read        [depth·rows] by its strides
// b           read        [depth·columns] by its strides
// bias        read        [columns]; its values count only if hasBias = 1
// c           read_write  [rows·columns] by its strides; must not overlap a, b or bias
// params
//   rows, columns, depth                  sizes of the product
//   sliceDepth                            depth of a slice; depth if there is only one
//   aOffset, aRowStride, aDepthStride     in elements: where A[0][0] is, the distance to the next m, and to the next k
//   bOffset, bDepthStride, bColumnStride  the same for B: next k, next n
//   cOffset, cRowStride, cColumnStride    the same for C: next m, next n
//   hasBias                               whether bias is added
//   accumulate                            1: adds to C
//   ones                                  1: the last row of A is all ones and not in memory
//   slots                                 columns that A·B reaches: bit n % 4 of each; it counts as 0 in the others
//   folded                                1: there is one slice, and z counts further rows of tiles, past the limit of y
//   tileRows                              rows of a workgroup
// uses: lib/lanes4_product (loadTile, rowProduct, DEPTHS, QUADS, OWN_QUADS), lib/lanes4_sum (transposeSum),
//   product/lib/lanes4_store (columnsOf, quadBias, store)
// provides: quadA, quadB

struct Params {
  rows: u32, columns: u32, depth: u32, sliceDepth: u32,
  aOffset: u32, aRowStride: u32, aDepthStride: u32,
  bOffset: u32, bDepthStride: u32, bColumnStride: u32,
  cOffset: u32, cRowStride: u32, cColumnStride: u32,
  hasBias: u32, accumulate: u32, ones: u32, slots: u32, folded: u32, tileRows: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> c: array<f32>;

// Marks the row of ones, which is not in memory.
const ONES = 0xffffffffu;

fn rowStart(row: u32) -> u32 {
  let start = params.aOffset + row * params.aRowStride;
  return select(start, ONES, params.ones != 0u && row == params.rows - 1u);
}

fn quadA(start: u32, k: u32, j: u32) -> vec4f {
  let isOnes = start == ONES;
  let step = params.aDepthStride;
  let at = select(start, params.aOffset, isOnes) + k * step;
  return select(vec4f(a[at], a[at + step], a[at + 2u * step], a[at + 3u * step]), vec4f(1.0), isOnes);
}

fn quadB(k: u32, quad: u32) -> vec4f {
  let at = params.bOffset + k * params.bDepthStride;
  let column = columnsOf(quad) * params.bColumnStride;
  return vec4f(b[at + column.x], b[at + column.y], b[at + column.z], b[at + column.w]);
}

@compute @workgroup_size(4)
fn gemm_lanes4(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
               @builtin(subgroup_invocation_id) lane: u32) {
  let quad = group.x * QUADS;
  let firstRow = (group.y + params.folded * group.z * groups.y) * params.tileRows;
  let lastRow = min(firstRow + params.tileRows, params.rows);
  let slice = select(group.z, 0u, params.folded != 0u);
  let begin = slice * params.sliceDepth;
  let end = min(begin + params.sliceDepth, params.depth);
  let origin = params.cOffset + slice * params.rows * params.columns;
  // Where the columns of own quads are in a row of C.
  var own: array<vec4u, OWN_QUADS>;
  var biases: array<vec4f, OWN_QUADS>;
  // @unroll
  for (var q = 0u; q < OWN_QUADS; q++) {
    own[q] = columnsOf(quad + lane + 4u * q) * params.cColumnStride;
    biases[q] = quadBias(0u, quad + lane + 4u * q);
  }
  let reached = (vec4u(params.slots) & vec4u(1u, 2u, 4u, 8u)) != vec4u();
  var k = begin;
  // At least once: an empty slice is zero.
  loop {
    loadTile(quad, k, end, lane);
    for (var row = firstRow; row < lastRow; row++) {
      let sums = rowProduct(rowStart(row), k, end, lane);
      // @unroll
      for (var q = 0u; q < OWN_QUADS; q++) {
        let start = origin + row * params.cRowStride;
        store(start + own[q], quad + lane + 4u * q, select(vec4f(), sums[q], reached) + biases[q], params.accumulate != 0u || k > begin);
      }
    }
    // The first part has added the biases.
    // @unroll
    for (var q = 0u; q < OWN_QUADS; q++) { biases[q] = vec4f(); }
    k += 16u * DEPTHS;
    if (k >= end) { break; }
  }
}
