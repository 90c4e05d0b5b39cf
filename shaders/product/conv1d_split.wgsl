// conv1d_split: the same as conv1d_product, for few places: each workgroup splits the depth among its invocations.
//
//   y[n][g·rows + m][l] = bias[g·rows + m] + Σ_t Σ_c w[g][m][c][t]·x[n][g·channels + c][(l·scale + t·step + shift) / divisor]
//
// Places outside x count as in conv1d_product.
//
// grid        x (and y, past the limit): groups·(rows / 32)·(batch·outLength / 4) tiles; the first axis of tiles is rows
// workgroup   8 × 8 invocations: 32 rows × 4 places of y, of one group
// invocation  an eighth of the depth, for 4 rows × 4 places; then one row
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
const PARTS = 8u;
const ROWS = 32u;

// [PARTS][ROWS] of four places
var<workgroup> partial: array<vec4f, 256>;

fn counted(product: vec4f, inside: vec4<bool>) -> vec4f {
  return select(product, select(vec4f(), product, inside), LEAVES_OUT != 0u);
}

@compute @workgroup_size(8, 8)
fn conv1d_split(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
                @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) index: u32) {
  let tile = group.x + group.y * groups.x;
  let rowTiles = (params.rows + ROWS - 1u) / ROWS;
  let placeCount = params.batch * params.outLength;
  let placeTiles = (placeCount + 3u) / 4u;
  let g = tile / rowTiles / placeTiles;
  if (g >= params.groups) { return; }
  let firstRow = tile % rowTiles * ROWS;
  let row = firstRow + local.y * 4u;
  let places = tile / rowTiles % placeTiles * 4u + vec4u(0u, 1u, 2u, 3u);

  // Places and rows outside y read a valid element; storeFour() drops them.
  let reading = min(places, vec4u(placeCount - 1u));
  let item = params.groups * params.channels * params.inLength;
  let start = reading / params.outLength * item + g * params.channels * params.inLength;
  let place = vec4i(reading % params.outLength * params.scale) + i32(params.shift);
  let lastRow = params.rows - 1u;
  let rowStarts = g * params.groupStride + min(row + vec4u(0u, 1u, 2u, 3u), vec4u(lastRow)) * params.rowStride;

  // The depth is split by channels, and by taps where channels are few.
  let channelParts = 1u << firstLeadingBit(min(params.channels, PARTS));
  let tapParts = PARTS / channelParts;
  let taps = select(0u, params.taps, row < params.rows);
  var sum0 = vec4f(); var sum1 = vec4f();
  var sum2 = vec4f(); var sum3 = vec4f();
  for (var t = local.x / channelParts; t < taps; t += tapParts) {
    let reads = readsOf(start, place + i32(t) * i32(params.step));
    if (LEAVES_OUT != 0u && !any(reads.inside)) { continue; }
    for (var c = local.x % channelParts; c < params.channels; c += channelParts) {
      let at = rowStarts + c * params.channelStride + t;
      let values = valuesOf(reads, c * params.inLength);
      sum0 += counted(w[at.x] * values, reads.inside);
      sum1 += counted(w[at.y] * values, reads.inside);
      sum2 += counted(w[at.z] * values, reads.inside);
      sum3 += counted(w[at.w] * values, reads.inside);
    }
  }
  let own = local.x * ROWS + local.y * 4u;
  partial[own] = sum0;
  partial[own + 1u] = sum1;
  partial[own + 2u] = sum2;
  partial[own + 3u] = sum3;
  workgroupBarrier();

  if (index >= ROWS) { return; }
  var total = vec4f();
  for (var i = 0u; i < PARTS; i++) { total += partial[i * ROWS + index]; }
  storeFour(g, firstRow + index, places, total);
}
