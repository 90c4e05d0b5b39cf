// norm_forward: elements normalized by the mean and the variance of their set, scaled and shifted by channel.
//
//   y[e] = (x[e] - mean[s]) / √(variance[s] + eps) · weight[c] + bias[c]     s = e / setSize % sets, c = e / length % channels
//
// grid        x (and y, past the limit): size / 64
// invocation  one element
// x               read        [size]
// mean, variance  read        [sets]
// weight, bias    read        [channels]; only read if hasWeight, hasBias = 1; otherwise 1 and 0
// y               read_write  [size]
// params
//   size, sets, setSize  elements; sets; neighbouring elements of one set
//   channels, length     channels; neighbouring elements of one channel
//   hasWeight, hasBias   whether weight and bias are read
//   eps                  added to the variance

struct Params {
  size: u32, sets: u32, setSize: u32, channels: u32, length: u32, hasWeight: u32, hasBias: u32, eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> mean: array<f32>;
@group(0) @binding(3) var<storage, read> variance: array<f32>;
@group(0) @binding(4) var<storage, read> weight: array<f32>;
@group(0) @binding(5) var<storage, read> bias: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn norm_forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size) { return; }
  let own = index / params.setSize % params.sets;
  let channel = index / params.length % params.channels;
  var value = (x[index] - mean[own]) / sqrt(variance[own] + params.eps);
  if (params.hasWeight != 0u) { value *= weight[channel]; }
  if (params.hasBias != 0u) { value += bias[channel]; }
  y[index] = value;
}
