// cross_entropy_backward: the gradient from cross_entropy_forward, times the gradient of the loss.
//
//   grad[e] = slope[e] · gradLoss[row of e, or 0 if reduced]
//
// grid      x (and y, past the limit): rows·classes / 64
// slope     read        [outer][classes][inner]
// gradLoss  read        [rows], or [1] if reduced; rows = outer·inner
// grad      read_write  [outer][classes][inner]
// params
//   rows, classes, inner  rows; classes; rows with the same outer index
//   reduced               1: the loss is one value for all rows

struct Params { rows: u32, classes: u32, inner: u32, reduced: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> slope: array<f32>;
@group(0) @binding(2) var<storage, read> gradLoss: array<f32>;
@group(0) @binding(3) var<storage, read_write> grad: array<f32>;

@compute @workgroup_size(64)
fn cross_entropy_backward(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.rows * params.classes) { return; }
  let outer = index / (params.classes * params.inner);
  let row = outer * params.inner + index % params.inner;
  grad[index] = slope[index] * gradLoss[select(row, 0u, params.reduced != 0u)];
}
