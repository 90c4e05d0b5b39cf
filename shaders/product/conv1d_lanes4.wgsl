enable subgroups;
// conv1d_lanes4: the products of a convolution and its gradients, for adapters with four-lane subgroups (SwiftShader).
//
//   C[r][n] = bias[n] + Σ_k A[r][k]·B[k][n]      r < rows, n < columns, k < depth, in each group
//   A[r][k] = x[r1·aRowOuter + k1·aDepthOuter + place]      place = r2·rowStep + k2·depthStep + shift
//   r = r1·rowInner + r2, k = k1·depthInner + k2
//
// So A is x unfolded, and never in memory. In a convolution r1 and r2 are the item and the place of y, k1 and k2 the channel and the tap;
// in the gradient of a weight it is the other way round. A place that is not in 0 ≤ place < length counts as a 0 in x, and 0·B is NaN for a
// B that is not finite; or such products are left out, if leavesOut = 1. See lib/lanes4_product for how the lanes share the work.
//
// grid        x (and y, past the limit): groups·slices·(rows / tileRows)·(columns / COLUMNS) tiles; the first axis of tiles is columns
// workgroup   one subgroup of four lanes: tileRows rows × COLUMNS columns of C, of one group and slice
// invocation  quads l, l + 4, … of these columns (l is its lane), in all these rows; a quad is four neighbouring columns
// a           read        x
// b           read        B[k][n] of group g is at g·bGroup + bOffset + k1·bDepthOuter + k2·bDepthInner + n·bColumnStride
// bias        read        [groups·columns]; its values count only if hasBias = 1
// c           read_write  C[r][n] is at g·cGroup + slice·cSlice + cOffset + r1·cRowOuter + r2·cRowInner + n·cColumnStride; must not overlap
//                         a, b or bias
// params
//   groups, rows, columns, depth         sizes of the products
//   slices, sliceDepth                   slices of the depth, each with a C of its own; depth of a slice
//   length                               of x
//   rowInner, aRowOuter, rowStep         as in the formula; rowStep, depthStep and shift are signed
//   depthInner, aDepthOuter, depthStep   as in the formula
//   shift, aGroup                        as in the formula; distance in x to the next group
//   bOffset, bGroup, bDepthOuter, bDepthInner, bColumnStride  in elements, as above
//   cOffset, cGroup, cSlice, cRowOuter, cRowInner, cColumnStride  in elements, as above
//   hasBias                              whether bias is added
//   ones                                 1: the last row of A is all ones and not in memory
//   leavesOut                            1: places outside x are left out
//   tileRows                             rows of a workgroup
// uses: lib/lanes4_product (loadTile, rowProduct, DEPTHS, QUADS, COLUMNS, OWN_QUADS), lib/lanes4_sum (transposeSum),
//   product/lib/lanes4_store (columnsOf, quadBias, store), lib/not_a_number (isNotANumber)
// provides: quadA, quadB

struct Params {
  groups: u32, rows: u32, columns: u32, depth: u32, slices: u32, sliceDepth: u32, length: u32,
  rowInner: u32, aRowOuter: u32, rowStep: u32,
  depthInner: u32, aDepthOuter: u32, depthStep: u32,
  shift: u32, aGroup: u32,
  bOffset: u32, bGroup: u32, bDepthOuter: u32, bDepthInner: u32, bColumnStride: u32,
  cOffset: u32, cGroup: u32, cSlice: u32, cRowOuter: u32, cRowInner: u32, cColumnStride: u32,
  hasBias: u32, ones: u32, leavesOut: u32, tileRows: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> c: array<f32>;

// Added to both sides, it makes an unsigned comparison a signed one, which takes SwiftShader one instruction and not nine.
const SIGN_BIT = 0x80000000u;

// The group's part of B.
var<private> startB: u32;
// Of the lane's own steps along k: their part of an index of A, and of a place in x.
var<private> stepStarts: array<vec4u, DEPTHS>;
var<private> stepPlaces: array<vec4u, DEPTHS>;
// Of a row: its part of a place, plus SIGN_BIT; and what a place outside x counts as.
var<private> rowPlace: u32;
var<private> outside: vec4f;

fn isInside(place: vec4u) -> vec4<bool> { return vec4i(rowPlace + place) < vec4i(i32(SIGN_BIT + params.length)); }

fn quadA(start: u32, k: u32, j: u32) -> vec4f {
  let at = start + stepStarts[j];
  return select(outside, vec4f(a[at.x], a[at.y], a[at.z], a[at.w]), isInside(stepPlaces[j]));
}

fn stepB(k: u32) -> u32 {
  let outer = k / params.depthInner;
  return startB + outer * params.bDepthOuter + (k - outer * params.depthInner) * params.bDepthInner;
}

fn quadB(k: u32, quad: u32) -> vec4f {
  let at = stepB(k) + columnsOf(quad) * params.bColumnStride;
  return vec4f(b[at.x], b[at.y], b[at.z], b[at.w]);
}

// A sum with a place outside x in it is NaN if its B is not finite. Where that may be, such a row's own sums are taken again without it.
fn sumAgain(start: u32, startC: u32, startBias: u32, quad: u32) {
  let end = min(4u * quad + 4u, params.columns);
  for (var column = 4u * quad; column < end; column++) {
    var sum = 0.0;
    for (var k = 0u; k < params.depth; k++) {
      let outer = k / params.depthInner;
      let place = (k - outer * params.depthInner) * params.depthStep;
      let product = a[start + outer * params.aDepthOuter + place] * b[stepB(k) + column * params.bColumnStride];
      sum += select(0.0, product, isInside(vec4u(place)).x);
    }
    c[startC + column * params.cColumnStride] = sum + select(0.0, bias[startBias + column], params.hasBias != 0u);
  }
}

// The digits of a row: its item, or channel, and its place, or tap.
fn digitsOf(row: u32) -> vec2u {
  let outer = row / params.rowInner;
  return vec2u(outer, row - outer * params.rowInner);
}

fn nextRow(digits: vec2u) -> vec2u {
  let isLast = digits.y + 1u == params.rowInner;
  return select(vec2u(digits.x, digits.y + 1u), vec2u(digits.x + 1u, 0u), isLast);
}

@compute @workgroup_size(4)
fn conv1d_lanes4(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
                 @builtin(subgroup_invocation_id) lane: u32) {
  let columnTiles = (params.columns + COLUMNS - 1u) / COLUMNS;
  let rowTiles = (params.rows + params.tileRows - 1u) / params.tileRows;
  let index = group.x + group.y * groups.x;
  let rest = index / columnTiles;
  let slice = rest / rowTiles % params.slices;
  let g = rest / rowTiles / params.slices;
  if (g >= params.groups) { return; }
  let quad = index % columnTiles * QUADS;
  let firstRow = rest % rowTiles * params.tileRows;
  let lastRow = min(firstRow + params.tileRows, params.rows);
  let begin = slice * params.sliceDepth;
  let end = min(begin + params.sliceDepth, params.depth);
  let startA = g * params.aGroup;
  let startC = g * params.cGroup + slice * params.cSlice + params.cOffset;
  let startBias = g * params.columns;
  startB = g * params.bGroup + params.bOffset;
  // Where the columns of own quads are in a row of C.
  var own: array<vec4u, OWN_QUADS>;
  var biases: array<vec4f, OWN_QUADS>;
  // @unroll
  for (var q = 0u; q < OWN_QUADS; q++) {
    own[q] = columnsOf(quad + lane + 4u * q) * params.cColumnStride;
    biases[q] = quadBias(startBias, quad + lane + 4u * q);
  }
  // NaN if one of the sums is.
  var seen = vec4f();
  var k = begin;
  // At least once: an empty product is zero.
  loop {
    loadTile(quad, k, end, lane);
    // @unroll
    for (var j = 0u; j < DEPTHS; j++) {
      let steps = k + 16u * j + 4u * lane + vec4u(0u, 1u, 2u, 3u);
      let outer = steps / params.depthInner;
      stepPlaces[j] = (steps - outer * params.depthInner) * params.depthStep;
      stepStarts[j] = outer * params.aDepthOuter + stepPlaces[j];
    }
    var digits = digitsOf(firstRow);
    for (var row = firstRow; row < lastRow; row++) {
      let isOnes = (params.ones != 0u) & (row == params.rows - 1u);
      let place = digits.y * params.rowStep + params.shift;
      rowPlace = select(SIGN_BIT + place, SIGN_BIT + params.length, isOnes);
      outside = select(vec4f(), vec4f(1.0), isOnes);
      let sums = rowProduct(startA + digits.x * params.aRowOuter + place, k, end, lane);
      let start = startC + digits.x * params.cRowOuter + digits.y * params.cRowInner;
      // @unroll
      for (var q = 0u; q < OWN_QUADS; q++) {
        seen += sums[q];
        store(start + own[q], quad + lane + 4u * q, sums[q] + biases[q], k > begin);
      }
      digits = nextRow(digits);
    }
    // The first part has added the biases.
    // @unroll
    for (var q = 0u; q < OWN_QUADS; q++) { biases[q] = vec4f(); }
    k += 16u * DEPTHS;
    if (k >= end) { break; }
  }

  let isNaN = isNotANumber(seen.x + seen.y + seen.z + seen.w);
  // A loop of no or one turn, because SwiftShader executes both sides of a branch.
  for (var turn = 0u; turn < select(0u, params.leavesOut, isNaN); turn++) {
    let reach = (params.depthInner - 1u) * params.depthStep;
    var digits = digitsOf(firstRow);
    for (var row = firstRow; row < lastRow; row++) {
      let place = digits.y * params.rowStep + params.shift;
      rowPlace = SIGN_BIT + place;
      let start = startC + digits.x * params.cRowOuter + digits.y * params.cRowInner;
      let reachesOut = !all(isInside(vec4u(0u, reach, 0u, reach)));
      for (var q = 0u; q < select(0u, OWN_QUADS, reachesOut); q++) {
        sumAgain(startA + digits.x * params.aRowOuter + place, start, startBias, quad + lane + 4u * q);
      }
      digits = nextRow(digits);
    }
  }
}
