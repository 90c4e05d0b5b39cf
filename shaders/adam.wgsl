// adam: one step of Adam (Kingma & Ba, 2015, https://arxiv.org/abs/1412.6980) as torch.optim.Adam computes it,
// over a whole range of the flat parameter buffer in one dispatch.
//
//   g = gradient + weightDecay·p
//   m = beta1·m + (1 - beta1)·g
//   v = beta2·v + (1 - beta2)·g²
//   p = p - stepSize · m / (√v / rootCorrection2 + eps)
//
// stepSize = lr / (1 - beta1^t) and rootCorrection2 = √(1 - beta2^t) are computed on the host in float64, at step t ≥ 1.
//
// grid      x (and y, past the limit): size / 64
// gradient  read        [offset + size]
// value     read_write  [offset + size]
// moment1   read_write  [offset + size]    moment2   read_write  [offset + size]

struct Params {
  offset: u32, size: u32,
  stepSize: f32, beta1: f32, oneMinusBeta1: f32, beta2: f32, oneMinusBeta2: f32,
  rootCorrection2: f32, eps: f32, weightDecay: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradient: array<f32>;
@group(0) @binding(2) var<storage, read_write> value: array<f32>;
@group(0) @binding(3) var<storage, read_write> moment1: array<f32>;
@group(0) @binding(4) var<storage, read_write> moment2: array<f32>;

@compute @workgroup_size(64)
fn adam(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size) { return; }
  let at = params.offset + index;
  let p = value[at];
  let g = gradient[at] + params.weightDecay * p;
  let m = params.beta1 * moment1[at] + params.oneMinusBeta1 * g;
  let v = params.beta2 * moment2[at] + params.oneMinusBeta2 * g * g;
  moment1[at] = m;
  moment2[at] = v;
  value[at] = p - params.stepSize * (m / (sqrt(v) / params.rootCorrection2 + params.eps));
}
