// pointwise_loss_forward: a loss for each element of prediction and target, summed in chunks, in order; and its gradient if the
// loss is minimized.
//
//   partial[p] = scale · Σ weight[i] · loss(prediction[i], expected[i])     over i in [p·chunk, min((p + 1)·chunk, size))
//   grad[i] = scale · weight[i] · dloss / dprediction
//
// See lib/pointwise_loss for the losses. reduce_sum adds the partials.
//
// grid        x (and y, past the limit): partials / 64
// invocation  one chunk of elements, in order
// prediction  read        [size]
// expected    read        [size]
// weight      read        [size]; only read if weighted = 1; otherwise 1
// positive    read        [size]; only read if weightsPositives = 1; otherwise 1
// partial     read_write  [partials]
// grad        read_write  [size]; only written if gradient = 1
// params
//   size, chunk, partials       elements; elements of a chunk, 1 without reduction; chunks
//   kind, parameter             the loss, and its beta or delta
//   weighted, weightsPositives  whether weight and positive are read
//   gradient                    whether grad is written
//   scale                       1/size for the mean, else 1
// uses: loss/lib/pointwise_loss (lossOf, slopeOf), lib/not_a_number (isNotANumber, notANumber), lib/activations (sigmoid),
//   lib/log1p (log1p)

struct Params {
  size: u32, chunk: u32, partials: u32, kind: u32, weighted: u32, weightsPositives: u32, gradient: u32,
  parameter: f32, scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> prediction: array<f32>;
@group(0) @binding(2) var<storage, read> expected: array<f32>;
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read> positive: array<f32>;
@group(0) @binding(5) var<storage, read_write> partial: array<f32>;
@group(0) @binding(6) var<storage, read_write> grad: array<f32>;

@compute @workgroup_size(64)
fn pointwise_loss_forward(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.partials) { return; }
  let end = min((index + 1u) * params.chunk, params.size);
  var sum = 0.0;
  for (var i = index * params.chunk; i < end; i++) {
    var p = 1.0;
    if (params.weightsPositives != 0u) { p = positive[i]; }
    let x = prediction[i];
    let y = expected[i];
    var w = 1.0;
    if (params.weighted != 0u) { w = weight[i]; }
    sum += w * lossOf(params.kind, params.parameter, x, y, p);
    if (params.gradient != 0u) { grad[i] = params.scale * (w * slopeOf(params.kind, params.parameter, x, y, p)); }
  }
  partial[index] = sum * params.scale;
}
