// copy_strided: copies a block of up to four dimensions between two layouts.
//
//   dst[dstOffset + h·dstStride0 + i·dstStride1 + j·dstStride2 + k·dstStride3] =
//     src[srcOffset + h·srcStride0 + i·srcStride1 + j·srcStride2 + k·srcStride3]
//
// for h < size0, i < size1, j < size2, k < size3, with everything in elements. It is how a time step is selected, its
// gradient put back, axes exchanged, tensors put together or repeated (a source stride of 0), and an initial state placed
// before the first step.
//
// grid      x (and y, past the limit): size0·size1·size2·size3 / 64
// src       read        dst       read_write  (different buffers)

struct Params {
  size0: u32, size1: u32, size2: u32, size3: u32,
  srcOffset: u32, srcStride0: u32, srcStride1: u32, srcStride2: u32, srcStride3: u32,
  dstOffset: u32, dstStride0: u32, dstStride1: u32, dstStride2: u32, dstStride3: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> src: array<f32>;
@group(0) @binding(2) var<storage, read_write> dst: array<f32>;

@compute @workgroup_size(64)
fn copy_strided(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size0 * params.size1 * params.size2 * params.size3) { return; }
  let k = index % params.size3;
  let rows = index / params.size3;
  let j = rows % params.size2;
  let planes = rows / params.size2;
  let i = planes % params.size1;
  let h = planes / params.size1;
  let source = params.srcOffset + h * params.srcStride0 + i * params.srcStride1 + j * params.srcStride2
    + k * params.srcStride3;
  let place = params.dstOffset + h * params.dstStride0 + i * params.dstStride1 + j * params.dstStride2
    + k * params.dstStride3;
  dst[place] = src[source];
}
