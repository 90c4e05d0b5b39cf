// gemm_register: C = A·B (+ bias) or C += A·B, with a tile in registers, no workgroup memory and no barrier.
//
//   C[m][n] = (accumulate ? C[m][n] : 0) + bias[n] + Σ_k A[m][k]·B[k][n]      m < rows, n < columns, k < depth
//
// Every operand has an offset and two strides, so one kernel serves nn, nt and tn.
// If sliceDepth < depth, the sum over k is cut into slices. Slice z is written at cOffset + z·rows·columns, and sum_slices adds the
// slices in order.
//
// grid        x: columns / (8·8), y: rows / (8·4), z: slices, or rows of tiles past the limit
// workgroup   8 × 8 invocations: 32 rows × 64 columns of C, of one slice
// invocation  4 rows × 8 columns of C
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
//   ones                                  1: the last row of A, m = rows - 1, is not in memory; it is all ones, so that row of C is the
//                                         column sum of B, a bias gradient
//   slots                                 columns that A·B reaches: bit n % 4 of each; it counts as 0 in the others
//   folded                                1: there is one slice, and z counts further rows of tiles, past the limit of y
// uses: product/lib/gemm_store (storeFour)

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

@compute @workgroup_size(8, 8)
fn gemm_register(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = (id.y + params.folded * id.z * groups.y * 8u) * 4u;
  let column = id.x * 8u;
  if (row >= params.rows || column >= params.columns) { return; }

  let slice = select(id.z, 0u, params.folded != 0u);
  let first = slice * params.sliceDepth;
  let last = min(first + params.sliceDepth, params.depth);

  // Rows and columns outside C read a valid element; store() drops them.
  let lastRow = params.rows - 1u - params.ones;
  let start = params.aOffset + first * params.aDepthStride;
  var a0 = start + min(row, lastRow) * params.aRowStride;
  var a1 = start + min(row + 1u, lastRow) * params.aRowStride;
  var a2 = start + min(row + 2u, lastRow) * params.aRowStride;
  var a3 = start + min(row + 3u, lastRow) * params.aRowStride;

  let lastColumn = params.columns - 1u;
  let bStart = params.bOffset + first * params.bDepthStride;
  var b0 = bStart + min(column, lastColumn) * params.bColumnStride;
  var b1 = bStart + min(column + 1u, lastColumn) * params.bColumnStride;
  var b2 = bStart + min(column + 2u, lastColumn) * params.bColumnStride;
  var b3 = bStart + min(column + 3u, lastColumn) * params.bColumnStride;
  var b4 = bStart + min(column + 4u, lastColumn) * params.bColumnStride;
  var b5 = bStart + min(column + 5u, lastColumn) * params.bColumnStride;
  var b6 = bStart + min(column + 6u, lastColumn) * params.bColumnStride;
  var b7 = bStart + min(column + 7u, lastColumn) * params.bColumnStride;

  // For each of the invocation's rows: 1 if it is the row of ones, else 0.
  let isOne = vec4<bool>(
    params.ones != 0u && row == params.rows - 1u,
    params.ones != 0u && row + 1u == params.rows - 1u,
    params.ones != 0u && row + 2u == params.rows - 1u,
    params.ones != 0u && row + 3u == params.rows - 1u,
  );

  var sum00 = vec4f(); var sum01 = vec4f();
  var sum10 = vec4f(); var sum11 = vec4f();
  var sum20 = vec4f(); var sum21 = vec4f();
  var sum30 = vec4f(); var sum31 = vec4f();

  for (var k = first; k < last; k++) {
    let left = vec4f(b[b0], b[b1], b[b2], b[b3]);
    let right = vec4f(b[b4], b[b5], b[b6], b[b7]);
    let rows = select(vec4f(a[a0], a[a1], a[a2], a[a3]), vec4f(1.0), isOne);
    sum00 += rows.x * left; sum01 += rows.x * right;
    sum10 += rows.y * left; sum11 += rows.y * right;
    sum20 += rows.z * left; sum21 += rows.z * right;
    sum30 += rows.w * left; sum31 += rows.w * right;
    a0 += params.aDepthStride; a1 += params.aDepthStride; a2 += params.aDepthStride; a3 += params.aDepthStride;
    b0 += params.bDepthStride; b1 += params.bDepthStride; b2 += params.bDepthStride; b3 += params.bDepthStride;
    b4 += params.bDepthStride; b5 += params.bDepthStride; b6 += params.bDepthStride; b7 += params.bDepthStride;
  }

  // A loop, so that storeFour() is compiled once.
  var sums = array<vec4f, 8>(
    sum00, sum01, sum10, sum11,
    sum20, sum21, sum30, sum31,
  );
  for (var i = 0u; i < 8u; i++) {
    storeFour(row + i / 2u, column + i % 2u * 4u, slice, sums[i]);
  }
}
