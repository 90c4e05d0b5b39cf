// gather: elements of x at places along one axis that a tensor gives.
//
//   y[o][k][i] = x[o][places[o·strideOuter + k·strideCount + i·strideInner]][i]     NaN for a place that x does not have
//
// for o < outer, k < count, i < inner. With strides of 0 all lines of x share their places.
//
// grid        x (and y, past the limit): outer·count·inner / 64
// x           read        [outer][size][inner]
// places      read        by its strides
// y           read_write  [outer][count][inner]
// params
//   outer, size, inner  sizes: of all dimensions before the axis, of the axis, of all after it
//   count               places along the axis
//   strideOuter, strideCount, strideInner  strides of places
//   invalid             NaN
// uses: lib/row_index (isIndex)

struct Params {
  outer: u32, size: u32, inner: u32, count: u32, strideOuter: u32, strideCount: u32, strideInner: u32, invalid: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> places: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn gather(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.outer * params.count * params.inner) { return; }
  let inner = index % params.inner;
  let k = (index / params.inner) % params.count;
  let outer = index / (params.inner * params.count);
  let place = places[outer * params.strideOuter + k * params.strideCount + inner * params.strideInner];
  var result = params.invalid;
  if (isIndex(place, params.size)) { result = x[(outer * params.size + u32(place)) * params.inner + inner]; }
  y[index] = result;
}
