// rprop: one step of resilient backpropagation (Riedmiller & Braun, 1993), as torch.optim.Rprop, over a range of the flat
// parameter buffer in one dispatch.
//
//   g = sign·factor·gradient
//   s = clamp(s·e, smallest, largest)      e = etaPlus, 1 or etaMinus where g·before is above, at or below 0
//   g = 0 where e = etaMinus
//   p = p - s·sgn(g)
//   before = g
//
// s is lr before the first step; 0 stands for that. sgn(NaN) = 0, as PyTorch's.
// If any guard is not finite, nothing changes.
//
// grid      x (and y, past the limit): size / 64
// gradient  read        [offset + size]
// guard     read        [guards]; only read if guards > 0
// factor    read        [1]; only read if clipped = 1; otherwise 1
// value     read_write  [offset + size]: p
// before    read_write  [offset + size]: g of the step before
// stepSize  read_write  [offset + size]: s
// params
//   offset, size       the range, in elements
//   guards             gradient norms in guard
//   clipped            whether factor is read
//   sign               -1 to maximize, else 1
//   weightDecay        0; Rprop has none
//   lr                 s before the first step
//   etaMinus, etaPlus  factors on s
//   smallest, largest  limits of s
// uses: lib/finite (isFinite), update/lib/guard (mayUpdate), update/lib/decayed_gradient (decayedGradient)

struct Params {
  offset: u32, size: u32, guards: u32, clipped: u32,
  sign: f32, weightDecay: f32, lr: f32, etaMinus: f32, etaPlus: f32, smallest: f32, largest: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradient: array<f32>;
@group(0) @binding(2) var<storage, read> guard: array<f32>;
@group(0) @binding(3) var<storage, read> factor: array<f32>;
@group(0) @binding(4) var<storage, read_write> value: array<f32>;
@group(0) @binding(5) var<storage, read_write> before: array<f32>;
@group(0) @binding(6) var<storage, read_write> stepSize: array<f32>;

// -1, 0 or 1; 0 for NaN.
fn sgn(x: f32) -> f32 {
  let magnitude = bitcast<u32>(x) & 0x7fffffffu;
  if (magnitude == 0u || magnitude > 0x7f800000u) { return 0.0; }
  return select(1.0, -1.0, bitcast<i32>(x) < 0);
}

@compute @workgroup_size(64)
fn rprop(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size || !mayUpdate()) { return; }
  let at = params.offset + index;
  let p = value[at];
  var g = decayedGradient(at, p);
  // The product of the signs: that of the gradients may underflow.
  let turn = sgn(g) * sgn(before[at]);
  var s = stepSize[at];
  if (s == 0.0) { s = params.lr; }
  if (turn > 0.0) { s *= params.etaPlus; }
  if (turn < 0.0) { s *= params.etaMinus; g = 0.0; }
  s = min(max(s, params.smallest), params.largest);
  value[at] = p - s * sgn(g);
  before[at] = g;
  stepSize[at] = s;
}
