// gather_backward: the gradient of x in gather.wgsl, where equal places add up in order.
//
//   gradX[o][s][i] = Σ gradY[o][k][i]     over k < count with places[o·strideOuter + k·strideCount + i·strideInner] = s
//
// for o < outer, s < size, i < inner.
//
// grid        x (and y, past the limit): outer·size·inner / 64
// invocation  one element of gradX: it walks over all places of its line
// places      read        by its strides
// gradY       read        [outer][count][inner]
// gradX       read_write  [outer][size][inner]
// params      as in gather
//   outer, size, inner, count, strideOuter, strideCount, strideInner

struct Params {
  outer: u32, size: u32, inner: u32, count: u32, strideOuter: u32, strideCount: u32, strideInner: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> places: array<f32>;
@group(0) @binding(2) var<storage, read> gradY: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradX: array<f32>;

@compute @workgroup_size(64)
fn gather_backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.outer * params.size * params.inner) { return; }
  let inner = index % params.inner;
  let s = f32((index / params.inner) % params.size);
  let outer = index / (params.inner * params.size);
  var sum = 0.0;
  for (var k = 0u; k < params.count; k++) {
    let place = places[outer * params.strideOuter + k * params.strideCount + inner * params.strideInner];
    if (place == s) { sum += gradY[(outer * params.count + k) * params.inner + inner]; }
  }
  gradX[index] = sum;
}
