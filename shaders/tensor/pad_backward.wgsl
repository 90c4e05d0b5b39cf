// pad_backward: the gradient of pad_forward for x: the sum over the places that its element went to, in order.
//
//   gradX[o][s][i] = Σ gradY[o][p][i] over every p that reads s
//
// grid        x (and y, past the limit): outer·size·inner / 64
// invocation  one element of gradX
// gradY       read        [outer][padded][inner]
// gradX       read_write  [outer][size][inner]
// params
//   outer, size, padded, inner  sizes
//   before                      elements before the first; signed
//   mode                        0 constant, 1 reflect, 2 replicate, 3 circular

struct Params { outer: u32, size: u32, padded: u32, inner: u32, before: u32, mode: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradY: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradX: array<f32>;

// Σ gradY over the places from p to last, step apart, that y has.
fn sumOf(start: u32, p: i32, last: i32, step: i32) -> f32 {
  var sum = 0.0;
  let end = min(last, i32(params.padded) - 1);
  for (var at = p; at <= end; at += step) {
    if (at >= 0) { sum += gradY[start + u32(at) * params.inner]; }
  }
  return sum;
}

@compute @workgroup_size(64)
fn pad_backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.outer * params.size * params.inner) { return; }
  let s = i32(index / params.inner % params.size);
  let start = index / params.inner / params.size * params.padded * params.inner + index % params.inner;
  let size = i32(params.size);
  let own = s + i32(params.before);
  var sum = 0.0;
  if (params.mode == 3u) {
    // The first place of y that reads s.
    sum = sumOf(start, ((own % size) + size) % size, i32(params.padded), size);
  } else if (params.mode == 2u) {
    let first = select(own, 0, s == 0);
    let last = select(own, i32(params.padded) - 1, s == size - 1);
    sum = sumOf(start, max(first, 0), last, 1);
  } else {
    if (params.mode == 1u && s > 0) { sum += sumOf(start, own - 2 * s, own - 2 * s, 1); }
    sum += sumOf(start, own, own, 1);
    if (params.mode == 1u && s < size - 1) {
      let mirrored = own + 2 * (size - 1 - s);
      sum += sumOf(start, mirrored, mirrored, 1);
    }
  }
  gradX[index] = sum;
}
