enable subgroups;
// gemm_subgroup: the same product as gemm_register for adapters whose subgroups have four lanes (SwiftShader), with B and C
// read and written four neighbouring columns at a time.
//
//   C[m][n] = (accumulate ? C[m][n] : 0) + bias[n] + Σ_k A[m][k]·B[k][n]      m < rows, n < columns, k < depth
//
// `ones` and slices mean what they mean in gemm_register; subgroup_tile says how the lanes share the work. Columns, offsets and row
// strides of B and C are multiples of 4, and their column stride is 1.
//
// grid      x: columns / (4·8), y: rows / 16, z: slices;   one invocation owns 16 rows × 8 columns of C
// a         read        [depth·rows] by its strides
// b         read        [depth·columns / 4] of vec4; bOffset and bDepthStride count elements
// bias      read        [columns / 4] of vec4; only read where hasBias = 1
// c         read_write  [rows·columns / 4] of vec4; must not overlap a, b or bias

struct Params {
  rows: u32, columns: u32, depth: u32, sliceDepth: u32,
  aOffset: u32, aRowStride: u32, aDepthStride: u32,
  bOffset: u32, bDepthStride: u32, bColumnStride: u32,
  cOffset: u32, cRowStride: u32, cColumnStride: u32,
  hasBias: u32, accumulate: u32, ones: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> c: array<vec4f>;

// Stands for the start of the row of ones, which is not in memory.
const ONES = 0xffffffffu;

fn rowStart(row: u32) -> u32 {
  if (params.ones != 0u && row == params.rows - 1u) { return ONES; }
  return params.aOffset + min(row, params.rows - 1u - params.ones) * params.aRowStride;
}

fn elementA(start: u32, k: u32) -> f32 {
  let isOne = start == ONES;
  return select(a[select(start, params.aOffset, isOne) + k * params.aDepthStride], 1.0, isOne);
}

fn quadB(k: u32, quad: u32) -> vec4f {
  return b[(params.bOffset + k * params.bDepthStride) / 4u + min(quad, params.columns / 4u - 1u)];
}

fn store(row: u32, quad: u32, slice: u32, sum: vec4f) {
  if (row >= params.rows || quad * 4u >= params.columns) { return; }
  let at = (params.cOffset + slice * params.rows * params.columns + row * params.cRowStride) / 4u + quad;
  var value = sum;
  if (params.hasBias != 0u) { value += bias[quad]; }
  if (params.accumulate != 0u) { value += c[at]; }
  c[at] = value;
}

@compute @workgroup_size(4)
fn gemm_subgroup(@builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u,
                 @builtin(subgroup_invocation_id) lane: u32) {
  let row = group.y * ROWS;
  let quad = id.x * QUADS;
  let first = group.z * params.sliceDepth;
  var sums = subgroupTile(row, quad, first, min(first + params.sliceDepth, params.depth), lane);
  // In a loop, so that what it calls is compiled once.
  for (var i = 0u; i < ROWS * QUADS; i++) {
    store(row + i / QUADS, quad + i % QUADS, group.z, sums[i]);
  }
}
