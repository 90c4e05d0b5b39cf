// average_pool_backward: the gradient of average_pool_forward: each element gets its share of every window that holds it, in order.
//
//   gradX[r][i] = Σ gradY[r][o] / divisor(o) over every o whose window holds i
//
// grid        x (and y, past the limit): rows·length / 64
// invocation  one element of gradX
// gradY       read        [rows][outLength]
// gradX       read_write  [rows][length]
// params
//   rows, length, outLength        sizes
//   taps, stride, padding, after   the windows; padding before and after x
//   countsPadding, adaptive        as in average_pool_forward
// uses: layer/lib/average_window (windowOf)

struct Params {
  rows: u32, length: u32, outLength: u32, taps: u32, stride: u32, padding: u32, after: u32, countsPadding: u32, adaptive: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradY: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradX: array<f32>;

@compute @workgroup_size(64)
fn average_pool_backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.rows * params.length) { return; }
  let start = index / params.length * params.outLength;
  let own = index % params.length;
  // From the first window that may hold the element on.
  let end = own + params.padding;
  var first = select(0u, (end - params.taps) / params.stride, end > params.taps);
  if (params.adaptive != 0u) { first = own * params.outLength / params.length; }
  var sum = 0.0;
  for (var o = first; o < params.outLength; o++) {
    let window = windowOf(o);
    if (window.first > own) { break; }
    if (own < window.end) { sum += gradY[start + o] / window.divisor; }
  }
  gradX[index] = sum;
}
