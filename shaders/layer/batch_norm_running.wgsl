// batch_norm_running: the running statistics of a batch norm after one more batch.
//
//   newTracked = tracked + 1        m = momentum, or 1 / newTracked if cumulative = 1
//   newMean[c] = (1 - m)·runningMean[c] + m·mean[c]        newVariance[c] = (1 - m)·runningVariance[c] + m·variance[c]·count / (count - 1)
//
// grid        x (and y, past the limit): size / 64
// invocation  one channel
// mean, variance                read        [size], of the batch
// runningMean, runningVariance  read        [size]
// tracked                       read        [1]
// newMean, newVariance          read_write  [size]
// newTracked                    read_write  [1]
// params
//   size, count           channels; elements of a channel in the batch
//   cumulative, momentum  as in the formula

struct Params { size: u32, count: u32, cumulative: u32, momentum: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> mean: array<f32>;
@group(0) @binding(2) var<storage, read> variance: array<f32>;
@group(0) @binding(3) var<storage, read> runningMean: array<f32>;
@group(0) @binding(4) var<storage, read> runningVariance: array<f32>;
@group(0) @binding(5) var<storage, read> tracked: array<f32>;
@group(0) @binding(6) var<storage, read_write> newMean: array<f32>;
@group(0) @binding(7) var<storage, read_write> newVariance: array<f32>;
@group(0) @binding(8) var<storage, read_write> newTracked: array<f32>;

@compute @workgroup_size(64)
fn batch_norm_running(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let c = id.x + id.y * groups.x * 64u;
  if (c >= params.size) { return; }
  let batches = tracked[0] + 1.0;
  if (c == 0u) { newTracked[0] = batches; }
  let m = select(params.momentum, 1.0 / batches, params.cumulative != 0u);
  let unbiased = variance[c] * (f32(params.count) / f32(params.count - 1u));
  newMean[c] = (1.0 - m) * runningMean[c] + m * mean[c];
  newVariance[c] = (1.0 - m) * runningVariance[c] + m * unbiased;
}
