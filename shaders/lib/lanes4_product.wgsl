// Products for adapters with four-lane subgroups (SwiftShader): rows of A, one by one, times a tile of B.
//
//   row · B[k][column]      first ≤ k < last, up to 16·DEPTHS steps; COLUMNS neighbouring columns, in quads of four
//
// On these adapters a load takes as long as thirty multiply-adds. So loadTile() loads the tile once for many rows, into the lanes' own
// memory. Each lane has four of every 16 steps along k: a load of A brings four different values, and each lane adds up its own
// products, in a register. Then rowProduct() adds the lanes' sums.
//
// invocation  of the tile four of every 16 steps, in all columns; of the result quads l, l + 4, … (l is its lane)
//
// A kernel that uses rowProduct() provides
//   quadA(start, k, j) -> vec4f    four steps along k of the row at `start`: the lane's own in the j-th 16 of the tile
//   quadB(k, quad) -> vec4f        four columns of B at k
// Beyond the last step, row or column they may return any finite values; quadA may also return what is in its row.
//
// uses: lib/lanes4_sum (transposeSum)
// needs: quadA, quadB

const DEPTHS = 4u;
const QUADS = 8u;
// 4·QUADS
const COLUMNS = 32u;
// 4·QUADS·DEPTHS
const TILE = 128u;
// QUADS / 4: quads in a lane's result.
const OWN_QUADS = 2u;

var<private> loaded: array<vec4f, TILE>;
var<private> tile: array<vec4f, TILE>;

fn loadTile(quad: u32, first: u32, last: u32, lane: u32) {
  for (var j = 0u; j < DEPTHS; j++) {
    let k = first + 16u * j + 4u * lane;
    for (var q = 0u; q < QUADS; q++) {
      let b0 = insideB(k, quad + q, last);
      let b1 = insideB(k + 1u, quad + q, last);
      let b2 = insideB(k + 2u, quad + q, last);
      let b3 = insideB(k + 3u, quad + q, last);
      let at = 4u * q * DEPTHS + j;
      loaded[at] = vec4f(b0.x, b1.x, b2.x, b3.x);
      loaded[at + DEPTHS] = vec4f(b0.y, b1.y, b2.y, b3.y);
      loaded[at + 2u * DEPTHS] = vec4f(b0.z, b1.z, b2.z, b3.z);
      loaded[at + 3u * DEPTHS] = vec4f(b0.w, b1.w, b2.w, b3.w);
    }
  }
  // Copies the tile to constant indices: only then do products read factors without another load.
  // @unroll
  for (var i = 0u; i < TILE; i++) { tile[i] = loaded[i]; }
}

fn insideB(k: u32, quad: u32, last: u32) -> vec4f {
  return select(vec4f(), quadB(min(k, last - 1u), quad), k < last);
}

// The product of one row and the tile; lane l gets quads l, l + 4, ….
fn rowProduct(start: u32, first: u32, last: u32, lane: u32) -> array<vec4f, OWN_QUADS> {
  var x: array<vec4f, DEPTHS>;
  // @unroll
  for (var j = 0u; j < DEPTHS; j++) {
    let k = first + 16u * j + 4u * lane;
    // Signed, because SwiftShader compares unsigned integers in nine instructions.
    x[j] = select(vec4f(), quadA(start, k, j), vec4i(vec4u(k, k + 1u, k + 2u, k + 3u)) < vec4i(i32(last)));
  }
  var sums: array<f32, COLUMNS>;
  // @unroll
  for (var c = 0u; c < COLUMNS; c++) {
    var sum = 0.0;
    // @unroll
    for (var j = 0u; j < DEPTHS; j++) { sum += dot(x[j], tile[c * DEPTHS + j]); }
    sums[c] = sum;
  }
  var own: array<vec4f, OWN_QUADS>;
  // @unroll
  for (var q = 0u; q < OWN_QUADS; q++) {
    own[q] = vec4f(
      transposeSum(sums[16u * q], sums[16u * q + 4u], sums[16u * q + 8u], sums[16u * q + 12u], lane),
      transposeSum(sums[16u * q + 1u], sums[16u * q + 5u], sums[16u * q + 9u], sums[16u * q + 13u], lane),
      transposeSum(sums[16u * q + 2u], sums[16u * q + 6u], sums[16u * q + 10u], sums[16u * q + 14u], lane),
      transposeSum(sums[16u * q + 3u], sums[16u * q + 7u], sums[16u * q + 11u], sums[16u * q + 15u], lane),
    );
  }
  return own;
}
