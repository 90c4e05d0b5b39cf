// max_pool_backward: the gradient of max_pool_forward: each element gets those of the windows that it was the largest of, in order.
//
//   gradX[r][i] = Σ gradY[r][o] over every o with place[r][o] = i
//
// grid        x (and y, past the limit): rows·length / 64
// invocation  one element of gradX
// place       read        [rows][outLength]
// gradY       read        [rows][outLength]
// gradX       read_write  [rows][length]
// params
//   rows, length, outLength           sizes
//   taps, stride, dilation, padding   the windows

struct Params { rows: u32, length: u32, outLength: u32, taps: u32, stride: u32, dilation: u32, padding: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> place: array<f32>;
@group(0) @binding(2) var<storage, read> gradY: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradX: array<f32>;

@compute @workgroup_size(64)
fn max_pool_backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.rows * params.length) { return; }
  let start = index / params.length * params.outLength;
  let own = index % params.length;
  // Windows that begin after own - reach may hold it.
  let end = own + params.padding;
  let reach = (params.taps - 1u) * params.dilation;
  let first = select(0u, (end - reach + params.stride - 1u) / params.stride, end > reach);
  let last = min(end / params.stride + 1u, params.outLength);
  var sum = 0.0;
  for (var o = first; o < last; o++) {
    if (place[start + o] == f32(own)) { sum += gradY[start + o]; }
  }
  gradX[index] = sum;
}
