// rmsprop: one step of RMSprop (Hinton's lecture 6e; centered: Graves, 2013, https://arxiv.org/abs/1308.0850), as
// torch.optim.RMSprop, over a range of the flat parameter buffer in one dispatch.
//
//   g = sign·factor·gradient + weightDecay·p
//   s = alpha·s + (1 - alpha)·g²
//   a = alpha·a + (1 - alpha)·g            if centered
//   d = √s + eps                           √(s - a²) + eps if centered
//   b = momentum·b + g/d                   with momentum
//   p = p - lr·b                           p - lr·g/d without momentum
//
// s - a² is never negative, but its rounded value may be; then it counts as 0. It is s where s has overflowed.
// If any guard is not finite, nothing changes.
//
// grid      x (and y, past the limit): size / 64
// gradient  read        [offset + size]
// guard     read        [guards]; only read if guards > 0
// factor    read        [1]; only read if clipped = 1; otherwise 1
// value     read_write  [offset + size]: p
// square    read_write  [offset + size]: s
// mean      read_write  [offset + size]: a; only read and written if centered = 1
// velocity  read_write  [offset + size]: b; only read and written if hasMomentum = 1
// params
//   offset, size           the range, in elements
//   guards                 gradient norms in guard
//   clipped                whether factor is read
//   centered, hasMomentum  whether the mean is subtracted; whether there is momentum
//   sign                   -1 to maximize, else 1
//   weightDecay, lr        L2 penalty; learning rate
//   alpha, oneMinusAlpha   decay of s and a; 1 - alpha, computed in float64
//   eps                    added to the root
//   momentum               factor on b
// uses: lib/finite (isFinite), update/lib/guard (mayUpdate), update/lib/decayed_gradient (decayedGradient),
//   update/lib/quotient (quotient)

struct Params {
  offset: u32, size: u32, guards: u32, clipped: u32, centered: u32, hasMomentum: u32,
  sign: f32, weightDecay: f32, lr: f32, alpha: f32, oneMinusAlpha: f32, eps: f32, momentum: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradient: array<f32>;
@group(0) @binding(2) var<storage, read> guard: array<f32>;
@group(0) @binding(3) var<storage, read> factor: array<f32>;
@group(0) @binding(4) var<storage, read_write> value: array<f32>;
@group(0) @binding(5) var<storage, read_write> square: array<f32>;
@group(0) @binding(6) var<storage, read_write> mean: array<f32>;
@group(0) @binding(7) var<storage, read_write> velocity: array<f32>;

@compute @workgroup_size(64)
fn rmsprop(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size || !mayUpdate()) { return; }
  let at = params.offset + index;
  let p = value[at];
  let g = decayedGradient(at, p);
  let s = params.alpha * square[at] + params.oneMinusAlpha * g * g;
  square[at] = s;
  var variance = s;
  if (params.centered != 0u) {
    let a = params.alpha * mean[at] + params.oneMinusAlpha * g;
    mean[at] = a;
    if (isFinite(s)) { variance = max(s - a * a, 0.0); }
  }
  var direction = quotient(g, sqrt(variance) + params.eps);
  if (params.hasMomentum != 0u) {
    direction += params.momentum * velocity[at];
    velocity[at] = direction;
  }
  value[at] = p - params.lr * direction;
}
