// mse_backward: gradient of the mean (or sum) of squared errors for the prediction or, with scale negated, the target.
//
//   grad[i] = scale · gradLoss[0] · (prediction[i] - expected[i])
//
// scale is 2/size for the mean and 2 for the sum.
//
// grid        x (and y, past the limit): size / 64
// prediction  read        [size]
// expected    read        [size]
// gradLoss    read        [1]
// grad        read_write  [size]

struct Params { size: u32, scale: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> prediction: array<f32>;
@group(0) @binding(2) var<storage, read> expected: array<f32>;
@group(0) @binding(3) var<storage, read> gradLoss: array<f32>;
@group(0) @binding(4) var<storage, read_write> grad: array<f32>;

@compute @workgroup_size(64)
fn mse_backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size) { return; }
  grad[index] = params.scale * gradLoss[0] * (prediction[index] - expected[index]);
}
