// conv1d_product: a convolution, or the gradient of one for its input, as a matrix product whose right side is read from x where it lies.
//
//   y[n][g·rows + m][l] = bias[g·rows + m] + Σ_t Σ_c w[g][m][c][t]·x[n][g·channels + c][(l·scale + t·step + shift) / divisor]
//
// for m < rows, l < outLength, t < taps, c < channels. A place that is before x, behind it or no integer counts as a 0 in x, and w·0 is NaN
// for a w that is not finite; or it is left out, if LEAVES_OUT = 1, as in a gradient.
//
// grid        x (and y, past the limit): groups·(rows / 32)·(batch·outLength / 64) tiles; the first axis of tiles is rows
// workgroup   8 × 8 invocations: 32 rows × 64 places of y, of one group
// invocation  4 rows × 8 places, which lie 8 apart, so that neighbours read neighbours
// w           read        [groups·rows·channels·taps] by its strides; the next t is the next element
// x           read        [batch][groups·channels][inLength]
// bias        read        [groups·rows]; only read if hasBias = 1
// y           read_write  [batch][groups·rows][outLength]; must not overlap w, x or bias
// params
//   batch, groups                      sizes
//   rows, channels                     of a group: channels of y, channels of x
//   inLength, outLength, taps          sizes
//   scale, step, shift, divisor        place of (l, t) in x; step and shift are signed
//   groupStride, rowStride, channelStride  distance in w to the next g, m and c
//   hasBias                            whether bias is read
// uses: product/lib/conv1d_places (readsOf, valuesOf, storeFour)

struct Params {
  batch: u32, groups: u32, rows: u32, channels: u32, inLength: u32, outLength: u32, taps: u32,
  scale: u32, step: u32, shift: u32, divisor: u32,
  groupStride: u32, rowStride: u32, channelStride: u32,
  hasBias: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

// A constant, not a param: SwiftShader executes both sides of a branch.
const LEAVES_OUT = 0u;

@compute @workgroup_size(8, 8)
fn conv1d_product(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
                  @builtin(local_invocation_id) local: vec3u) {
  let tile = group.x + group.y * groups.x;
  let rowTiles = (params.rows + 31u) / 32u;
  let placeCount = params.batch * params.outLength;
  let placeTiles = (placeCount + 63u) / 64u;
  let g = tile / rowTiles / placeTiles;
  let row = tile % rowTiles * 32u + local.y * 4u;
  let place = tile / rowTiles % placeTiles * 64u + local.x;
  if (g >= params.groups || row >= params.rows || place >= placeCount) { return; }

  // Places and rows outside y read a valid element; storeFour() drops them.
  let left = place + vec4u(0u, 8u, 16u, 24u);
  let right = left + 32u;
  let lastPlace = vec4u(placeCount - 1u);
  let length = params.outLength;
  let perItem = params.groups * params.channels * params.inLength;
  let first = g * params.channels * params.inLength;
  let leftStart = min(left, lastPlace) / length * perItem + first;
  let rightStart = min(right, lastPlace) / length * perItem + first;
  let shift = i32(params.shift);
  let leftPlace = vec4i(min(left, lastPlace) % length * params.scale) + shift;
  let rightPlace = vec4i(min(right, lastPlace) % length * params.scale) + shift;

  let lastRow = params.rows - 1u;
  let rowStarts = g * params.groupStride + min(row + vec4u(0u, 1u, 2u, 3u), vec4u(lastRow)) * params.rowStride;

  var sum00 = vec4f(); var sum01 = vec4f();
  var sum10 = vec4f(); var sum11 = vec4f();
  var sum20 = vec4f(); var sum21 = vec4f();
  var sum30 = vec4f(); var sum31 = vec4f();

  for (var t = 0u; t < params.taps; t++) {
    let along = i32(t) * i32(params.step);
    let leftReads = readsOf(leftStart, leftPlace + along);
    let rightReads = readsOf(rightStart, rightPlace + along);
    let isWhole = all(leftReads.inside) && all(rightReads.inside);
    let masks = LEAVES_OUT != 0u && !isWhole;
    if (masks && !any(leftReads.inside) && !any(rightReads.inside)) { continue; }
    for (var c = 0u; c < params.channels; c++) {
      let at = rowStarts + c * params.channelStride + t;
      let rows = vec4f(w[at.x], w[at.y], w[at.z], w[at.w]);
      let x0 = valuesOf(leftReads, c * params.inLength);
      let x1 = valuesOf(rightReads, c * params.inLength);
      if (masks) {
        let zero = vec4f();
        sum00 += select(zero, rows.x * x0, leftReads.inside); sum01 += select(zero, rows.x * x1, rightReads.inside);
        sum10 += select(zero, rows.y * x0, leftReads.inside); sum11 += select(zero, rows.y * x1, rightReads.inside);
        sum20 += select(zero, rows.z * x0, leftReads.inside); sum21 += select(zero, rows.z * x1, rightReads.inside);
        sum30 += select(zero, rows.w * x0, leftReads.inside); sum31 += select(zero, rows.w * x1, rightReads.inside);
      } else {
        sum00 += rows.x * x0; sum01 += rows.x * x1;
        sum10 += rows.y * x0; sum11 += rows.y * x1;
        sum20 += rows.z * x0; sum21 += rows.z * x1;
        sum30 += rows.w * x0; sum31 += rows.w * x1;
      }
    }
  }

  // A loop, so that storeFour() is compiled once.
  var sums = array<vec4f, 8>(
    sum00, sum01, sum10, sum11,
    sum20, sum21, sum30, sum31,
  );
  for (var i = 0u; i < 8u; i++) {
    storeFour(g, row + i / 2u, left + i % 2u * 32u, sums[i]);
  }
}
