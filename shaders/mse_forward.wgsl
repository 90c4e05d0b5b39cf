// mse_forward: first stage of the mean (or sum) of squared errors: each invocation sums one chunk, in order.
//
//   partial[p] = scale · Σ (prediction[i] - expected[i])²     over i in [p·chunk, min((p + 1)·chunk, size))
//
// scale is 1/size for the mean and 1 for the sum. reduce_sum adds the partials.
//
// grid        x: partials / 64
// prediction  read        [size]
// expected    read        [size]
// partial     read_write  [partials]

struct Params { size: u32, chunk: u32, partials: u32, scale: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> prediction: array<f32>;
@group(0) @binding(2) var<storage, read> expected: array<f32>;
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;

@compute @workgroup_size(64)
fn mse_forward(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.partials) { return; }
  let end = min((id.x + 1u) * params.chunk, params.size);
  var sum = 0.0;
  for (var i = id.x * params.chunk; i < end; i++) {
    let error = prediction[i] - expected[i];
    sum += error * error;
  }
  partial[id.x] = sum * params.scale;
}
