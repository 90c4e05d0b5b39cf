// max_pool_forward: the largest element of each window along the last dimension, and where it is.
//
//   y[r][o] = max_k x[r][o·stride + k·dilation - padding]     k < taps, over places inside x
//
// A NaN is larger than any number, and the last NaN of a window counts. Among equal numbers the first counts. A window without a place in x is -∞.
//
// grid        x (and y, past the limit): rows·outLength / 64
// invocation  one window
// x           read        [rows][length]
// y           read_write  [rows][outLength]
// place       read_write  [rows][outLength]; where in the row the element was; only written if keepsPlace = 1
// params
//   rows, length, outLength           sizes
//   taps, stride, dilation, padding   the windows
//   keepsPlace                        whether place is written
// uses: lib/not_a_number (isNotANumber)

struct Params {
  rows: u32, length: u32, outLength: u32, taps: u32, stride: u32, dilation: u32, padding: u32, keepsPlace: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> place: array<f32>;

@compute @workgroup_size(64)
fn max_pool_forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.rows * params.outLength) { return; }
  let start = index / params.outLength * params.length;
  let first = i32(index % params.outLength * params.stride) - i32(params.padding);
  let bits = 0xff800000u;
  var largest = bitcast<f32>(bits);
  var at = params.length;
  for (var k = 0u; k < params.taps; k++) {
    let own = first + i32(k * params.dilation);
    if (own < 0 || own >= i32(params.length)) { continue; }
    let value = x[start + u32(own)];
    let isFirst = at == params.length;
    if (isFirst || isNotANumber(value) || (!isNotANumber(largest) && value > largest)) {
      largest = value;
      at = u32(own);
    }
  }
  y[index] = largest;
  if (params.keepsPlace != 0u) { place[index] = f32(at); }
}
