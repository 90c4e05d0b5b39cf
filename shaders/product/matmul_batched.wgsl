// matmul_batched: the products of a batch of matrix pairs.
//
//   c[n][i][j] = Σ_k a[n][i][k]·b[n][k][j]     n < batch, i < rows, j < columns, k < depth
//
// Rows and columns of a and b have strides, so one kernel serves nn, nt and tn.
//
// grid        x (and y, past the limit): batch·rows·columns / 64
// invocation  one element of c, summed in runs of 32 terms
// a, b        read        [batch][rows·depth], [batch][depth·columns] by their strides
// c           read_write  [batch][rows][columns]
// params
//   batch                        matrix pairs
//   rows, columns, depth         sizes of each product
//   aRowStride, aDepthStride     distance to the next i, and to the next k, in elements of a
//   bDepthStride, bColumnStride  distance to the next k, and to the next j, in elements of b

const RUN = 32u;

struct Params {
  batch: u32, rows: u32, columns: u32, depth: u32,
  aRowStride: u32, aDepthStride: u32, bDepthStride: u32, bColumnStride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;

@compute @workgroup_size(64)
fn matmul_batched(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.batch * params.rows * params.columns) { return; }
  let column = index % params.columns;
  let row = (index / params.columns) % params.rows;
  let n = index / (params.columns * params.rows);
  let aStart = n * params.rows * params.depth + row * params.aRowStride;
  let bStart = n * params.depth * params.columns + column * params.bColumnStride;
  var total = 0.0;
  for (var first = 0u; first < params.depth; first += RUN) {
    var sum = 0.0;
    for (var k = first; k < min(first + RUN, params.depth); k++) {
      sum += a[aStart + k * params.aDepthStride] * b[bStart + k * params.bDepthStride];
    }
    total += sum;
  }
  c[index] = total;
}
