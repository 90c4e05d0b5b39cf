// pointwise_loss_backward: gradient of a pointwise loss for the prediction or the target.
//
//   grad[i] = scale · gradLoss[i or 0] · weight[i] · dloss / d(prediction or target)
//
// See lib/pointwise_loss for the losses.
//
// grid        x (and y, past the limit): size / 64
// prediction  read        [size]
// expected    read        [size]
// weight      read        [size]; only read if weighted = 1; otherwise 1
// positive    read        [size]; only read if weightsPositives = 1; otherwise 1
// gradLoss    read        [size], or [1] if reduced
// grad        read_write  [size]
// params
//   size                        elements
//   kind, parameter             the loss, and its beta or delta
//   weighted, weightsPositives  whether weight and positive are read
//   reduced                     1: the loss is one value for all elements
//   ofTarget                    1: the gradient for the target in place of the prediction
//   scale                       1/size for the mean, else 1
// uses: loss/lib/pointwise_loss (slopeOf, targetSlopeOf), lib/not_a_number (isNotANumber, notANumber), lib/activations (sigmoid),
//   lib/log1p (log1p)

struct Params {
  size: u32, kind: u32, weighted: u32, weightsPositives: u32, reduced: u32, ofTarget: u32,
  parameter: f32, scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> prediction: array<f32>;
@group(0) @binding(2) var<storage, read> expected: array<f32>;
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read> positive: array<f32>;
@group(0) @binding(5) var<storage, read> gradLoss: array<f32>;
@group(0) @binding(6) var<storage, read_write> grad: array<f32>;

@compute @workgroup_size(64)
fn pointwise_loss_backward(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size) { return; }
  let x = prediction[index];
  let y = expected[index];
  var p = 1.0;
  if (params.weightsPositives != 0u) { p = positive[index]; }
  var slope: f32;
  if (params.ofTarget != 0u) {
    slope = targetSlopeOf(params.kind, params.parameter, x, y, p);
  } else {
    slope = slopeOf(params.kind, params.parameter, x, y, p);
  }
  if (params.weighted != 0u) { slope *= weight[index]; }
  grad[index] = params.scale * gradLoss[select(index, 0u, params.reduced != 0u)] * slope;
}
