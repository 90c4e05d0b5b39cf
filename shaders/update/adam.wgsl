// adam: one step of Adam, AdamW, NAdam or RAdam, as torch.optim, over a range of the flat parameter buffer in one
// dispatch.
//
//   g = sign·factor·gradient + weightDecay·p
//   m = m + (1 - beta1)·(g - m)
//   v = beta2·v + (1 - beta2)·g²          largest = max(largest, v)     if amsgrad
//   p = keep·p - (gradientStep·g + momentStep·m) / d
//   d = √v / rootCorrection2 + eps        with largest for v if amsgrad; 1 if not adaptive
//
// The four differ only in scalars, computed on the host in float64 at step t ≥ 1 (lr, b1, b2: the options):
//   Adam   momentStep = lr / (1 - b1^t), gradientStep = 0, rootCorrection2 = √(1 - b2^t), keep = 1
//   AdamW  the same with weightDecay = 0 and keep = 1 - lr·decay; so are the others with decoupled weight decay
//   NAdam  gradientStep = lr·(1 - μ_t) / (1 - Π μ), momentStep = lr·μ_(t+1) / (1 - Π μ·μ_(t+1))
//   RAdam  momentStep = lr·r_t·√(1 - b2^t) / (1 - b1^t) and rootCorrection2 = 1; not adaptive while r_t is undefined
//
// If any guard is not finite, nothing changes.
//
// grid      x (and y, past the limit): size / 64
// gradient  read        [offset + size]
// guard     read        [guards]; only read if guards > 0
// factor    read        [1]; only read if clipped = 1; otherwise 1
// value     read_write  [offset + size]: p
// moment1   read_write  [offset + size]: m
// moment2   read_write  [offset + size]: v
// largest   read_write  [offset + size]; only read and written if amsgrad = 1
// params
//   offset, size                    the range, in elements
//   guards                          gradient norms in guard
//   clipped                         whether factor is read
//   amsgrad                         whether largest is kept and replaces v in d
//   adaptive                        0: d = 1
//   sign                            -1 to maximize, else 1
//   weightDecay                     L2 penalty
//   keep, gradientStep, momentStep  factors on p, g and m: see above
//   beta2                           decay of v
//   oneMinusBeta1, oneMinusBeta2    1 - beta1 and 1 - beta2, computed in float64
//   rootCorrection2, eps            divisor of √v; added to √v / rootCorrection2
// uses: lib/finite (isFinite), update/lib/guard (mayUpdate), update/lib/decayed_gradient (decayedGradient),
//   update/lib/quotient (quotient)

struct Params {
  offset: u32, size: u32, guards: u32, clipped: u32, amsgrad: u32, adaptive: u32,
  sign: f32, weightDecay: f32, keep: f32,
  oneMinusBeta1: f32, beta2: f32, oneMinusBeta2: f32,
  gradientStep: f32, momentStep: f32, rootCorrection2: f32, eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradient: array<f32>;
@group(0) @binding(2) var<storage, read> guard: array<f32>;
@group(0) @binding(3) var<storage, read> factor: array<f32>;
@group(0) @binding(4) var<storage, read_write> value: array<f32>;
@group(0) @binding(5) var<storage, read_write> moment1: array<f32>;
@group(0) @binding(6) var<storage, read_write> moment2: array<f32>;
@group(0) @binding(7) var<storage, read_write> largest: array<f32>;

@compute @workgroup_size(64)
fn adam(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size || !mayUpdate()) { return; }
  let at = params.offset + index;
  let p = value[at];
  let g = decayedGradient(at, p);
  let before = moment1[at];
  let m = before + params.oneMinusBeta1 * (g - before);
  var v = params.beta2 * moment2[at] + params.oneMinusBeta2 * g * g;
  moment1[at] = m;
  moment2[at] = v;
  if (params.amsgrad != 0u) {
    // Ordered as their bits are, NaN last.
    v = bitcast<f32>(max(bitcast<u32>(largest[at]), bitcast<u32>(v)));
    largest[at] = v;
  }
  var denominator = 1.0;
  if (params.adaptive != 0u) { denominator = sqrt(v) / params.rootCorrection2 + params.eps; }
  var step = params.momentStep * quotient(m, denominator);
  if (params.gradientStep != 0.0) { step += params.gradientStep * quotient(g, denominator); }
  value[at] = params.keep * p - step;
}
