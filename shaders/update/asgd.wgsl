// asgd: one step of averaged stochastic gradient descent (Polyak & Juditsky, 1992), as torch.optim.ASGD, over a range of the
// flat parameter buffer in one dispatch.
//
//   g = sign·factor·gradient + weightDecay·p
//   p = keep·p - eta·g
//   a = a + mu·(p - a)        a = p if mu = 1
//
// The scalars are those that the step before left, computed on the host in float64 and kept in float32; see src/optim/asgd.ts.
// If any guard is not finite, nothing changes.
//
// grid      x (and y, past the limit): size / 64
// gradient  read        [offset + size]
// guard     read        [guards]; only read if guards > 0
// factor    read        [1]; only read if clipped = 1; otherwise 1
// value     read_write  [offset + size]: p
// average   read_write  [offset + size]: a; only read if mu < 1
// params
//   offset, size  the range, in elements
//   guards        gradient norms in guard
//   clipped       whether factor is read
//   sign          -1 to maximize, else 1
//   weightDecay   L2 penalty
//   keep          1 - lambd·eta
//   eta, mu       step size; weight of p in the average
// uses: lib/finite (isFinite), update/lib/guard (mayUpdate), update/lib/decayed_gradient (decayedGradient)

struct Params {
  offset: u32, size: u32, guards: u32, clipped: u32,
  sign: f32, weightDecay: f32, keep: f32, eta: f32, mu: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradient: array<f32>;
@group(0) @binding(2) var<storage, read> guard: array<f32>;
@group(0) @binding(3) var<storage, read> factor: array<f32>;
@group(0) @binding(4) var<storage, read_write> value: array<f32>;
@group(0) @binding(5) var<storage, read_write> average: array<f32>;

@compute @workgroup_size(64)
fn asgd(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size || !mayUpdate()) { return; }
  let at = params.offset + index;
  let before = value[at];
  let p = params.keep * before - params.eta * decayedGradient(at, before);
  value[at] = p;
  var a = p;
  if (params.mu != 1.0) { a = average[at] + params.mu * (p - average[at]); }
  average[at] = a;
}
