// copy_strided: copies a block of up to four dimensions between two layouts.
//
//   dst[dstOffset + h·dstStride0 + i·dstStride1 + j·dstStride2 + k·dstStride3] =
//     src[srcOffset + h·srcStride0 + i·srcStride1 + j·srcStride2 + k·srcStride3]
//
// for h < size0, i < size1, j < size2, k < size3, everything in elements. Used to select a time step, scatter its
// gradient, permute axes, concatenate or repeat tensors (a source stride of 0), and place an initial state
// before the first step. Computing h, i and j costs more than copying, so an invocation copies up to four elements.
//
// grid        x (and y, past the limit): size0·size1·size2·ceil(size3 / 4) / 64
// invocation  up to four elements of a run along k, a quarter of the run apart: neighbouring invocations copy neighbouring elements
// src         read        the source, by its strides
// dst         read_write  the destination, by its strides; a different buffer from src

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
  let quarter = (params.size3 + 3u) / 4u;
  if (index >= params.size0 * params.size1 * params.size2 * quarter) { return; }
  let rows = index / quarter;
  let first = index - rows * quarter;
  let planes = rows / params.size2;
  let j = rows - planes * params.size2;
  let h = planes / params.size1;
  let i = planes - h * params.size1;
  let source = params.srcOffset + h * params.srcStride0 + i * params.srcStride1 + j * params.srcStride2;
  let place = params.dstOffset + h * params.dstStride0 + i * params.dstStride1 + j * params.dstStride2;
  // @unroll
  for (var q = 0u; q < 4u; q++) {
    let k = first + q * quarter;
    if (k < params.size3) { dst[place + k * params.dstStride3] = src[source + k * params.srcStride3]; }
  }
}
