// sgd: one step of stochastic gradient descent, with or without momentum, as torch.optim.SGD, over a range of the flat
// parameter buffer in one dispatch.
//
//   g = sign·factor·gradient + weightDecay·p
//   b = momentum·b + (1 - dampening)·g       with momentum; b = g at its first step
//   p = p - lr·d      d = g without momentum, g + momentum·b with Nesterov's, else b
//
// If any guard is not finite, nothing changes.
//
// grid      x (and y, past the limit): size / 64
// gradient  read        [offset + size]
// guard     read        [guards]; only read if guards > 0
// factor    read        [1]; only read if clipped = 1; otherwise 1
// value     read_write  [offset + size]: p
// velocity  read_write  [offset + size]: b; only read and written if hasMomentum = 1
// params
//   offset, size       the range, in elements
//   guards             gradient norms in guard
//   clipped            whether factor is read
//   hasMomentum        whether there is momentum
//   isFirst            whether this is the first step with momentum
//   nesterov           whether the momentum is Nesterov's
//   sign               -1 to maximize, else 1
//   weightDecay, lr    L2 penalty; learning rate
//   momentum           factor on b
//   oneMinusDampening  1 - dampening, computed in float64
// uses: lib/finite (isFinite), update/lib/guard (mayUpdate), update/lib/decayed_gradient (decayedGradient)

struct Params {
  offset: u32, size: u32, guards: u32, clipped: u32, hasMomentum: u32, isFirst: u32, nesterov: u32,
  sign: f32, weightDecay: f32, lr: f32, momentum: f32, oneMinusDampening: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradient: array<f32>;
@group(0) @binding(2) var<storage, read> guard: array<f32>;
@group(0) @binding(3) var<storage, read> factor: array<f32>;
@group(0) @binding(4) var<storage, read_write> value: array<f32>;
@group(0) @binding(5) var<storage, read_write> velocity: array<f32>;

@compute @workgroup_size(64)
fn sgd(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size || !mayUpdate()) { return; }
  let at = params.offset + index;
  let p = value[at];
  let g = decayedGradient(at, p);
  var direction = g;
  if (params.hasMomentum != 0u) {
    var b = g;
    if (params.isFirst == 0u) { b = params.momentum * velocity[at] + params.oneMinusDampening * g; }
    velocity[at] = b;
    direction = b;
    if (params.nesterov != 0u) { direction = g + params.momentum * b; }
  }
  value[at] = p - params.lr * direction;
}
