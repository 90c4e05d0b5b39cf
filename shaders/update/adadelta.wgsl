// adadelta: one step of Adadelta (Zeiler, 2012, https://arxiv.org/abs/1212.5701), as torch.optim.Adadelta, over a range of
// the flat parameter buffer in one dispatch.
//
//   g = sign·factor·gradient + weightDecay·p
//   s = rho·s + (1 - rho)·g²
//   d = √(a + eps) / √(s + eps) · g
//   a = rho·a + (1 - rho)·d²
//   p = p - lr·d
//
// If any guard is not finite, nothing changes.
//
// grid         x (and y, past the limit): size / 64
// gradient     read        [offset + size]
// guard        read        [guards]; only read if guards > 0
// factor       read        [1]; only read if clipped = 1; otherwise 1
// value        read_write  [offset + size]: p
// square       read_write  [offset + size]: s
// accumulated  read_write  [offset + size]: a
// params
//   offset, size      the range, in elements
//   guards            gradient norms in guard
//   clipped           whether factor is read
//   sign              -1 to maximize, else 1
//   weightDecay, lr   L2 penalty; learning rate
//   rho, oneMinusRho  decay of s and a; 1 - rho, computed in float64
//   eps               added under both roots
// uses: lib/finite (isFinite), update/lib/guard (mayUpdate), update/lib/decayed_gradient (decayedGradient),
//   update/lib/quotient (quotient)

struct Params {
  offset: u32, size: u32, guards: u32, clipped: u32,
  sign: f32, weightDecay: f32, lr: f32, rho: f32, oneMinusRho: f32, eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradient: array<f32>;
@group(0) @binding(2) var<storage, read> guard: array<f32>;
@group(0) @binding(3) var<storage, read> factor: array<f32>;
@group(0) @binding(4) var<storage, read_write> value: array<f32>;
@group(0) @binding(5) var<storage, read_write> square: array<f32>;
@group(0) @binding(6) var<storage, read_write> accumulated: array<f32>;

@compute @workgroup_size(64)
fn adadelta(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size || !mayUpdate()) { return; }
  let at = params.offset + index;
  let p = value[at];
  let g = decayedGradient(at, p);
  let s = params.rho * square[at] + params.oneMinusRho * g * g;
  let a = accumulated[at];
  let d = quotient(sqrt(a + params.eps), sqrt(s + params.eps)) * g;
  square[at] = s;
  accumulated[at] = params.rho * a + params.oneMinusRho * d * d;
  value[at] = p - params.lr * d;
}
