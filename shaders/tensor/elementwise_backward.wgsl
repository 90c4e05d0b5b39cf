// elementwise_backward: gradX[i] = gradY[i]·f'(x[i]) for i < size, with f by KIND, p and q as in elementwise_forward.
//
// f is recomputed from x, so only x is saved. At kinks, and for NaN, the slope is PyTorch's: 0 for abs and sign at 0 and for clamp at its
// bounds. Where a comparison decides, the gradient is selected, not multiplied: nothing passes where the slope is 0, whatever the gradient.
//
// grid      x (and y, past the limit): size / 64
// x, gradY  read        [size]
// gradX     read_write  [size]
// params    p and q are numbers of f
// uses: lib/not_a_number (isNotANumber, notANumber), lib/activations (sigmoid, safeTanh), lib/exp_log (safeExp),
//   lib/random (mulHigh), tensor/lib/erf (erfc), tensor/lib/power (power), tensor/lib/trigonometry (sine, cosine)

const KIND = 0u;

struct Params { size: u32, p: f32, q: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gradY: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradX: array<f32>;

// As in elementwise_forward.
fn root(x: f32) -> f32 {
  if (x == 0.0 || bitcast<u32>(x) == 0x7f800000u) { return x; }
  return select(notANumber(), sqrt(x), x > 0.0);
}

fn powerOf(x: f32, p: f32) -> f32 {
  if (abs(p) != 0.5) { return power(x, p); }
  return select(1.0 / root(x), root(x), p > 0.0);
}

fn geluSlope(x: f32) -> f32 {
  return 0.5 * erfc(-0.70710678 * x) + x * (0.3989423 * safeExp(-0.5 * x * x));
}

fn geluTanhSlope(x: f32) -> f32 {
  let t = safeTanh(0.7978846 * (x + 0.044715 * x * x * x));
  return 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * (0.7978846 * (1.0 + 0.134145 * x * x));
}

fn siluSlope(x: f32) -> f32 {
  let s = sigmoid(x);
  return s * (1.0 + x * (1.0 - s));
}

// NaN is neither below nor above.
fn isBelow(x: f32, bound: f32) -> bool { return !isNotANumber(x) && x < bound; }
fn isAbove(x: f32, bound: f32) -> bool { return !isNotANumber(x) && x > bound; }

fn hardSwish(x: f32, g: f32) -> f32 {
  if (isAbove(x, 3.0) || x == 3.0) { return g; }
  return select(g * (x / 3.0 + 0.5), 0.0, isBelow(x, -3.0) || x == -3.0);
}

fn gradient(x: f32, g: f32, p: f32, q: f32) -> f32 {
  switch KIND {
    case 0u: { return g * select(sign(x), 0.0, isNotANumber(x)); }
    case 1u, 7u, 8u, 9u, 10u: { return 0.0; }
    case 2u: { return g / (2.0 * root(x)); }
    case 3u: {
      let y = 1.0 / root(x);
      return -0.5 * g * (y * y * y);
    }
    case 4u: { return g * (2.0 * x); }
    case 5u: {
      let y = 1.0 / x;
      return -g * (y * y);
    }
    case 6u: { return g * (1.1283792 * safeExp(-x * x)); }
    case 11u: { return g * cosine(x); }
    case 12u: { return -g * sine(x); }
    case 13u: { return g / (x + 1.0); }
    case 14u: { return g * safeExp(x); }
    case 15u: { return g * geluSlope(x); }
    case 16u: { return g * geluTanhSlope(x); }
    case 17u: { return g * siluSlope(x); }
    case 18u: { return select(p * g, g, isAbove(x, 0.0)); }
    case 19u: { return select(select(g, g * p * safeExp(x), isBelow(x, 0.0) || x == 0.0), x, isNotANumber(x)); }
    case 20u: {
      if (isAbove(p * x, q)) { return g; }
      let z = safeExp(p * x);
      return g * z / (z + 1.0);
    }
    case 21u: { return select(0.0, g / 6.0, isAbove(x, -3.0) && isBelow(x, 3.0)); }
    case 22u: { return hardSwish(x, g); }
    case 23u: {
      let isInside = !isNotANumber(x) && (isNotANumber(p) || x > p) && (isNotANumber(q) || x < q);
      return select(0.0, g, isInside);
    }
    case 24u: { return select(g * (p * powerOf(x, p - 1.0)), 0.0, p == 0.0); }
    // A floor under a variance or a norm lets the gradient pass.
    case 26u: { return g; }
    // The gradient of a norm, or of a standard deviation, that is 0.
    default: { return select(g / (2.0 * root(x)), 0.0, x == 0.0); }
  }
}

@compute @workgroup_size(64)
fn elementwise_backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size) { return; }
  gradX[index] = gradient(x[index], gradY[index], params.p, params.q);
}
