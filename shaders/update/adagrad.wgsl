// adagrad: one step of Adagrad (Duchi et al., 2011), as torch.optim.Adagrad, over a range of the flat parameter buffer
// in one dispatch.
//
//   g = sign·factor·gradient + weightDecay·p
//   s = s + g²
//   p = p - rate·g / (√s + eps)
//
// If any guard is not finite, nothing changes.
//
// grid      x (and y, past the limit): size / 64
// gradient  read        [offset + size]
// guard     read        [guards]; only read if guards > 0
// factor    read        [1]; only read if clipped = 1; otherwise 1
// value     read_write  [offset + size]: p
// sum       read_write  [offset + size]: s
// params
//   offset, size  the range, in elements
//   guards        gradient norms in guard
//   clipped       whether factor is read
//   sign          -1 to maximize, else 1
//   weightDecay   L2 penalty
//   rate          lr / (1 + (t - 1)·lrDecay) at step t ≥ 1, computed in float64
//   eps           added to the root
// uses: lib/finite (isFinite), update/lib/guard (mayUpdate), update/lib/decayed_gradient (decayedGradient),
//   update/lib/quotient (quotient)

struct Params {
  offset: u32, size: u32, guards: u32, clipped: u32,
  sign: f32, weightDecay: f32, rate: f32, eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradient: array<f32>;
@group(0) @binding(2) var<storage, read> guard: array<f32>;
@group(0) @binding(3) var<storage, read> factor: array<f32>;
@group(0) @binding(4) var<storage, read_write> value: array<f32>;
@group(0) @binding(5) var<storage, read_write> sum: array<f32>;

@compute @workgroup_size(64)
fn adagrad(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size || !mayUpdate()) { return; }
  let at = params.offset + index;
  let p = value[at];
  let g = decayedGradient(at, p);
  let s = sum[at] + g * g;
  sum[at] = s;
  value[at] = p - params.rate * quotient(g, sqrt(s) + params.eps);
}
