// adamax: one step of Adamax (Kingma & Ba, 2015, https://arxiv.org/abs/1412.6980), as torch.optim.Adamax, over a range of the
// flat parameter buffer in one dispatch.
//
//   g = sign·factor·gradient + weightDecay·p
//   m = m + (1 - beta1)·(g - m)
//   u = max(beta2·u, |g| + eps)
//   p = p - rate·m / u
//
// If any guard is not finite, nothing changes.
//
// grid      x (and y, past the limit): size / 64
// gradient  read        [offset + size]
// guard     read        [guards]; only read if guards > 0
// factor    read        [1]; only read if clipped = 1; otherwise 1
// value     read_write  [offset + size]: p
// moment    read_write  [offset + size]: m
// largest   read_write  [offset + size]: u
// params
//   offset, size          the range, in elements
//   guards                gradient norms in guard
//   clipped               whether factor is read
//   sign                  -1 to maximize, else 1
//   weightDecay           L2 penalty
//   rate                  lr / (1 - beta1^t) at step t ≥ 1, computed in float64
//   oneMinusBeta1, beta2  1 - beta1, computed in float64; decay of u
//   eps                   added to |g|
// uses: lib/finite (isFinite), update/lib/guard (mayUpdate), update/lib/decayed_gradient (decayedGradient),
//   update/lib/quotient (quotient)

struct Params {
  offset: u32, size: u32, guards: u32, clipped: u32,
  sign: f32, weightDecay: f32, rate: f32, oneMinusBeta1: f32, beta2: f32, eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradient: array<f32>;
@group(0) @binding(2) var<storage, read> guard: array<f32>;
@group(0) @binding(3) var<storage, read> factor: array<f32>;
@group(0) @binding(4) var<storage, read_write> value: array<f32>;
@group(0) @binding(5) var<storage, read_write> moment: array<f32>;
@group(0) @binding(6) var<storage, read_write> largest: array<f32>;

@compute @workgroup_size(64)
fn adamax(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size || !mayUpdate()) { return; }
  let at = params.offset + index;
  let p = value[at];
  let g = decayedGradient(at, p);
  let before = moment[at];
  let m = before + params.oneMinusBeta1 * (g - before);
  // Ordered as their bits are, NaN last.
  let u = bitcast<f32>(max(bitcast<u32>(params.beta2 * largest[at]), bitcast<u32>(abs(g) + params.eps)));
  moment[at] = m;
  largest[at] = u;
  value[at] = p - params.rate * quotient(m, u);
}
