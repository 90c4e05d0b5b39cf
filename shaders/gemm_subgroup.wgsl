enable subgroups;
// gemm_subgroup: the same product as gemm_register for adapters whose subgroups have four lanes (SwiftShader), with B and C
// read and written four neighbouring columns at a time.
//
//   C[m][n] = (accumulate ? C[m][n] : 0) + bias[n] + Σ_k A[m][k]·B[k][n]      m < rows, n < columns, k < depth
//
// The four lanes own the same 8 rows and neighbouring columns. Of four steps along k each lane loads one for the 8 rows
// and broadcasts it to the others, so that a load of A serves 32 columns. `ones` and slices mean what they mean in
// gemm_register. Columns, offsets and row strides of B and C are multiples of 4, and their column stride is 1.
//
// grid      x: columns / (4·8), y: rows / (8·8), z: slices;   one invocation owns 8 rows × 8 columns of C
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

// Where row `row` of A begins; rows outside read a valid element and are dropped in store().
fn rowOfA(row: u32) -> u32 {
  return params.aOffset + min(row, params.rows - 1u - params.ones) * params.aRowStride;
}

fn store(row: u32, quad: u32, slice: u32, sum: vec4f) {
  if (row >= params.rows || quad * 4u >= params.columns) { return; }
  let at = (params.cOffset + slice * params.rows * params.columns + row * params.cRowStride) / 4u + quad;
  var value = sum;
  if (params.hasBias != 0u) { value += bias[quad]; }
  if (params.accumulate != 0u) { value += c[at]; }
  c[at] = value;
}

@compute @workgroup_size(4, 8)
fn gemm_subgroup(@builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u,
                 @builtin(subgroup_invocation_id) lane: u32) {
  let row = id.y * 8u;
  let quad = id.x * 2u;
  let first = group.z * params.sliceDepth;
  let last = min(first + params.sliceDepth, params.depth);

  let r0 = rowOfA(row); let r1 = rowOfA(row + 1u); let r2 = rowOfA(row + 2u); let r3 = rowOfA(row + 3u);
  let r4 = rowOfA(row + 4u); let r5 = rowOfA(row + 5u); let r6 = rowOfA(row + 6u); let r7 = rowOfA(row + 7u);
  // Which of the 8 rows is the row of ones; 8 or more if none.
  let one = select(8u, params.rows - 1u - row, params.ones != 0u && params.rows > row);

  let lastQuad = params.columns / 4u - 1u;
  let left = params.bOffset / 4u + min(quad, lastQuad);
  let right = params.bOffset / 4u + min(quad + 1u, lastQuad);
  let stride = params.bDepthStride / 4u;

  var sum00 = vec4f(); var sum01 = vec4f(); var sum10 = vec4f(); var sum11 = vec4f();
  var sum20 = vec4f(); var sum21 = vec4f(); var sum30 = vec4f(); var sum31 = vec4f();
  var sum40 = vec4f(); var sum41 = vec4f(); var sum50 = vec4f(); var sum51 = vec4f();
  var sum60 = vec4f(); var sum61 = vec4f(); var sum70 = vec4f(); var sum71 = vec4f();

  for (var k = first; k < last; k += 4u) {
    // Past the end of the slice A counts as zero.
    let mine = min(k + lane, last - 1u) * params.aDepthStride;
    let inside = k + lane < last;
    let a0 = select(0.0, select(a[r0 + mine], 1.0, one == 0u), inside);
    let a1 = select(0.0, select(a[r1 + mine], 1.0, one == 1u), inside);
    let a2 = select(0.0, select(a[r2 + mine], 1.0, one == 2u), inside);
    let a3 = select(0.0, select(a[r3 + mine], 1.0, one == 3u), inside);
    let a4 = select(0.0, select(a[r4 + mine], 1.0, one == 4u), inside);
    let a5 = select(0.0, select(a[r5 + mine], 1.0, one == 5u), inside);
    let a6 = select(0.0, select(a[r6 + mine], 1.0, one == 6u), inside);
    let a7 = select(0.0, select(a[r7 + mine], 1.0, one == 7u), inside);
    // @unroll
    for (var step = 0u; step < 4u; step++) {
      let at = min(k + step, last - 1u) * stride;
      let b0 = b[left + at];
      let b1 = b[right + at];
      let x0 = subgroupBroadcast(a0, step); let x1 = subgroupBroadcast(a1, step);
      let x2 = subgroupBroadcast(a2, step); let x3 = subgroupBroadcast(a3, step);
      let x4 = subgroupBroadcast(a4, step); let x5 = subgroupBroadcast(a5, step);
      let x6 = subgroupBroadcast(a6, step); let x7 = subgroupBroadcast(a7, step);
      sum00 += x0 * b0; sum01 += x0 * b1; sum10 += x1 * b0; sum11 += x1 * b1;
      sum20 += x2 * b0; sum21 += x2 * b1; sum30 += x3 * b0; sum31 += x3 * b1;
      sum40 += x4 * b0; sum41 += x4 * b1; sum50 += x5 * b0; sum51 += x5 * b1;
      sum60 += x6 * b0; sum61 += x6 * b1; sum70 += x7 * b0; sum71 += x7 * b1;
    }
  }

  // In a loop, so that what it calls is compiled once.
  var sums = array<vec4f, 16>(
    sum00, sum01, sum10, sum11,
    sum20, sum21, sum30, sum31,
    sum40, sum41, sum50, sum51,
    sum60, sum61, sum70, sum71,
  );
  for (var i = 0u; i < 16u; i++) {
    store(row + i / 2u, quad + i % 2u, group.z, sums[i]);
  }
}
