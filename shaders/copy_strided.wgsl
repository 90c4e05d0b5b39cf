// copy_strided: copies a block of up to three dimensions between two layouts.
//
//   dst[dstOffset + i·dstStride0 + j·dstStride1 + k·dstStride2] = src[srcOffset + i·srcStride0 + j·srcStride1 + k·srcStride2]
//
// for i < size0, j < size1, k < size2, with everything in elements. It is how a time step is selected, its gradient put
// back, two axes exchanged, states stacked, and an initial state placed before the first step.
//
// grid      x (and y, past the limit): size0·size1·size2 / 64
// src       read        dst       read_write  (different buffers)

struct Params {
  size0: u32, size1: u32, size2: u32,
  srcOffset: u32, srcStride0: u32, srcStride1: u32, srcStride2: u32,
  dstOffset: u32, dstStride0: u32, dstStride1: u32, dstStride2: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> src: array<f32>;
@group(0) @binding(2) var<storage, read_write> dst: array<f32>;

@compute @workgroup_size(64)
fn copy_strided(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size0 * params.size1 * params.size2) { return; }
  let k = index % params.size2;
  let j = (index / params.size2) % params.size1;
  let i = index / (params.size2 * params.size1);
  dst[params.dstOffset + i * params.dstStride0 + j * params.dstStride1 + k * params.dstStride2] =
    src[params.srcOffset + i * params.srcStride0 + j * params.srcStride1 + k * params.srcStride2];
}
