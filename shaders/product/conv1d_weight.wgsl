// conv1d_weight: the gradient of a convolution's weight, as a matrix product whose left side is read from x where it lies, in slices.
//
//   partial[s][r][g·columns + m] = Σ_j x[n][g·channels + c][l·stride + t·dilation - padding]·gradY[n][g·columns + m][l]
//
// for r = c·taps + t, m < columns, and j = n·outLength + l in slice s, from s·sliceDepth on. A place outside x counts as 0. If ones = 1 there is
// one more row, r = channels·taps, where x counts as 1: the gradient of a bias. sum_slices adds the slices in order; a single one can be the
// weight's gradient itself.
//
// grid        x (and y, past the limit): groups·slices·(rows / 32)·(columns / 64) tiles
// workgroup   8 × 8 invocations: 32 rows × 64 columns of one group and slice
// invocation  4 rows × 8 columns
// x           read        [batch][groups·channels][inLength]
// gradY       read        [batch][groups·columns][outLength]
// partial     read_write  [slices][channels·taps (+ 1)][groups·columns]; a slice by its strides
// params
//   batch, groups, channels, columns   sizes; channels and columns of a group
//   inLength, outLength, taps          sizes
//   stride, dilation, padding          as in the formula
//   slices, sliceDepth                 slices of the depth batch·outLength; terms of a slice
//   ones                               whether there is a row of ones
//   rowStride, columnStride            distance in partial to the next r, and to the next m

struct Params {
  batch: u32, groups: u32, channels: u32, columns: u32, inLength: u32, outLength: u32, taps: u32,
  stride: u32, dilation: u32, padding: u32, slices: u32, sliceDepth: u32, ones: u32,
  rowStride: u32, columnStride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gradY: array<f32>;
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;

fn storeFour(start: u32, column: u32, sum: vec4f) {
  for (var i = 0u; i < 4u; i++) {
    if (column + i < params.columns) { partial[start + (column + i) * params.columnStride] = sum[i]; }
  }
}

@compute @workgroup_size(8, 8)
fn conv1d_weight(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
                 @builtin(local_invocation_id) local: vec3u) {
  let weightRows = params.channels * params.taps;
  let rows = weightRows + params.ones;
  let rowTiles = (rows + 31u) / 32u;
  let columnTiles = (params.columns + 63u) / 64u;
  let tile = group.x + group.y * groups.x;
  let rest = tile / rowTiles;
  let slice = rest / columnTiles % params.slices;
  let g = rest / columnTiles / params.slices;
  let row = tile % rowTiles * 32u + local.y * 4u;
  let column = rest % columnTiles * 64u + local.x * 8u;
  if (g >= params.groups || row >= rows || column >= params.columns) { return; }

  // Rows and columns outside the result read a valid element; storeFour() drops them.
  let ownRows = row + vec4u(0u, 1u, 2u, 3u);
  let isOne = ownRows >= vec4u(weightRows);
  let reading = min(ownRows, vec4u(weightRows - 1u));
  let place = vec4i(reading % params.taps * params.dilation) - i32(params.padding);
  let channelStart = (g * params.channels + reading / params.taps) * params.inLength;
  let lastColumn = vec4u(params.columns - 1u);
  let left = (g * params.columns + min(column + vec4u(0u, 1u, 2u, 3u), lastColumn)) * params.outLength;
  let right = (g * params.columns + min(column + vec4u(4u, 5u, 6u, 7u), lastColumn)) * params.outLength;

  var sum00 = vec4f(); var sum01 = vec4f();
  var sum10 = vec4f(); var sum11 = vec4f();
  var sum20 = vec4f(); var sum21 = vec4f();
  var sum30 = vec4f(); var sum31 = vec4f();

  let first = slice * params.sliceDepth;
  let end = min(first + params.sliceDepth, params.batch * params.outLength);
  var n = first / params.outLength;
  var l = first % params.outLength;
  for (var j = first; j < end; j++) {
    let spot = place + i32(l * params.stride);
    let inside = (spot >= vec4i()) & (spot < vec4i(i32(params.inLength)));
    let at = n * params.groups * params.channels * params.inLength + channelStart + select(vec4u(), vec4u(spot), inside);
    let values = select(vec4f(), vec4f(x[at.x], x[at.y], x[at.z], x[at.w]), inside);
    let own = select(values, vec4f(1.0), isOne);
    let item = n * params.groups * params.columns * params.outLength + l;
    let l0 = left + item;
    let r0 = right + item;
    let d0 = vec4f(gradY[l0.x], gradY[l0.y], gradY[l0.z], gradY[l0.w]);
    let d1 = vec4f(gradY[r0.x], gradY[r0.y], gradY[r0.z], gradY[r0.w]);
    sum00 += own.x * d0; sum01 += own.x * d1;
    sum10 += own.y * d0; sum11 += own.y * d1;
    sum20 += own.z * d0; sum21 += own.z * d1;
    sum30 += own.w * d0; sum31 += own.w * d1;
    l++;
    if (l == params.outLength) { l = 0u; n++; }
  }

  // A loop, so that storeFour() is compiled once.
  var sums = array<vec4f, 8>(
    sum00, sum01, sum10, sum11,
    sum20, sum21, sum30, sum31,
  );
  let start = slice * rows * params.groups * params.columns + g * params.columns * params.columnStride;
  for (var i = 0u; i < 8u; i++) {
    let own = row + i / 2u;
    if (own < rows) { storeFour(start + own * params.rowStride, column + i % 2u * 4u, sums[i]); }
  }
}
