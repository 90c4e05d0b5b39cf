// gemm_rows: the same product as gemm_register, for few rows: each workgroup splits the depth among its invocations.
//
//   C[m][n] = (accumulate ? C[m][n] : 0) + bias[n] + Σ_k A[m][k]·B[k][n]      m < rows, n < columns, k < depth
//
// Strides and slices as in gemm_register. For real GPUs, which a product of few rows leaves nearly empty otherwise.
//
// grid        x: columns / 16, y: rows / 4, z: slices, or rows of tiles past the limit
// workgroup   128 invocations: 4 rows × 16 columns of C, of one slice
// invocation  every eighth k, for one column in all 4 rows; then one element of C
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
// uses: product/lib/gemm_store (store)

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

const PARTS = 8u;
const COLUMNS = 16u;

// [PARTS][COLUMNS] of four rows
var<workgroup> partial: array<vec4f, 128>;

@compute @workgroup_size(128)
fn gemm_rows(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
             @builtin(local_invocation_index) index: u32) {
  let row = (group.y + params.folded * group.z * groups.y) * 4u;
  let slice = select(group.z, 0u, params.folded != 0u);
  let first = slice * params.sliceDepth;
  let last = min(first + params.sliceDepth, params.depth);

  // Neighbouring invocations load neighbouring values of B, along either axis.
  let alongDepth = params.bDepthStride < params.bColumnStride;
  let part = select(index / COLUMNS, index % PARTS, alongDepth);
  let column = select(index % COLUMNS, index / PARTS, alongDepth);

  // Rows and columns outside read a valid element; store() drops them. A row of ones reads the row before it.
  let lastRow = max(params.rows - params.ones, 1u) - 1u;
  let rows = params.aOffset + min(vec4u(row, row + 1u, row + 2u, row + 3u), vec4u(lastRow)) * params.aRowStride;
  let isOnes = vec4<bool>(params.ones != 0u) & (vec4u(row, row + 1u, row + 2u, row + 3u) == vec4u(params.rows - 1u));
  let inB = params.bOffset + min(group.x * COLUMNS + column, params.columns - 1u) * params.bColumnStride;
  var sum = vec4f();
  for (var k = first + part; k < last; k += PARTS) {
    let at = rows + k * params.aDepthStride;
    let ofRows = vec4f(a[at.x], a[at.y], a[at.z], a[at.w]);
    sum += select(ofRows, vec4f(1.0), isOnes) * b[inB + k * params.bDepthStride];
  }
  partial[part * COLUMNS + column] = sum;
  workgroupBarrier();

  if (index >= 4u * COLUMNS) { return; }
  let own = index / COLUMNS;
  var total = 0.0;
  for (var i = 0u; i < PARTS; i++) {
    total += partial[i * COLUMNS + index % COLUMNS][own];
  }
  store(row + own, group.x * COLUMNS + index % COLUMNS, slice, total);
}
