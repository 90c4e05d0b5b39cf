// average_pool_forward: the mean of each window along the last dimension.
//
//   y[r][o] = Σ x[r][i] / divisor     over the window of o: o·stride - padding ≤ i < o·stride - padding + taps,
//                                     or if adaptive = 1 ⌊o·length / outLength⌋ ≤ i < ⌈(o + 1)·length / outLength⌉
//
// Places outside x count as 0. The divisor is the number of places in x and, if countsPadding = 1, in the padding.
//
// grid        x (and y, past the limit): rows·outLength / 64
// invocation  one window, summed in runs of 32 terms
// x           read        [rows][length]
// y           read_write  [rows][outLength]
// params
//   rows, length, outLength        sizes
//   taps, stride, padding, after   the windows; padding before and after x
//   countsPadding, adaptive        as in the formula
// uses: layer/lib/average_window (windowOf)

const RUN = 32u;

struct Params {
  rows: u32, length: u32, outLength: u32, taps: u32, stride: u32, padding: u32, after: u32, countsPadding: u32, adaptive: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn average_pool_forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.rows * params.outLength) { return; }
  let start = index / params.outLength * params.length;
  let own = windowOf(index % params.outLength);
  var total = 0.0;
  for (var first = own.first; first < own.end; first += RUN) {
    var sum = 0.0;
    for (var i = first; i < min(first + RUN, own.end); i++) { sum += x[start + i]; }
    total += sum;
  }
  y[index] = total / own.divisor;
}
