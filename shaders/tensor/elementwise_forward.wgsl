// elementwise_forward: y[i] = f(x[i]) for i < size, with f by KIND and up to two numbers p and q.
//
//   0 abs         5 reciprocal   10 trunc    15 gelu by erf    20 softplus: log(1 + exp(p·x))/p, x where p·x > q
//   1 sign        6 erf          11 sin      16 gelu by tanh   21 hard sigmoid: x/6 + ½ within [0, 1]
//   2 sqrt        7 floor        12 cos      17 silu           22 hard swish: x·hard sigmoid
//   3 rsqrt       8 ceil         13 log1p    18 leaky relu: p·x below 0       23 clamp to [p, q], where a NaN is no bound
//   4 square      9 round        14 expm1    19 elu: p·(exp(x) - 1) below 0   24 x^p   25 norm, as 2   26 at least p
//
// A constant KIND leaves one function in the compiled kernel. Halves round to even. x^±½ is a root, as in PyTorch: that of -∞ is NaN.
//
// grid      x (and y, past the limit): size / 64
// x         read        [size]
// y         read_write  [size]; a different buffer from x
// uses: lib/not_a_number (isNotANumber, notANumber), lib/activations (sigmoid, safeTanh), lib/exp_log (safeExp, safeLog), lib/log1p (log1p),
//   lib/random (mulHigh), tensor/lib/erf (erf, erfc), tensor/lib/exp_minus_one (expMinusOne, logOnePlus), tensor/lib/power (power),
//   tensor/lib/trigonometry (sine, cosine)

const KIND = 0u;

struct Params { size: u32, p: f32, q: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

// Zero keeps its sign, infinity stays, and a negative number has no root.
fn root(x: f32) -> f32 {
  if (x == 0.0 || bitcast<u32>(x) == 0x7f800000u) { return x; }
  return select(notANumber(), sqrt(x), x > 0.0);
}

// 6 times the hard sigmoid.
fn gate(x: f32) -> f32 { return select(select(x + 3.0, 6.0, x >= 3.0), 0.0, x <= -3.0); }

fn within(x: f32, low: f32, high: f32) -> f32 {
  let raised = select(x, low, !isNotANumber(low) && x < low);
  return select(raised, high, !isNotANumber(high) && raised > high);
}

fn powerOf(x: f32, p: f32) -> f32 {
  if (abs(p) != 0.5) { return power(x, p); }
  return select(1.0 / root(x), root(x), p > 0.0);
}

fn resultOf(x: f32, p: f32, q: f32) -> f32 {
  switch KIND {
    case 0u: { return abs(x); }
    case 1u: { return sign(x); }
    case 2u, 25u: { return root(x); }
    case 3u: { return 1.0 / root(x); }
    case 4u: { return x * x; }
    case 5u: { return 1.0 / x; }
    case 6u: { return erf(x); }
    case 7u: { return floor(x); }
    case 8u: { return ceil(x); }
    case 9u: { return round(x); }
    case 10u: { return trunc(x); }
    case 11u: { return sine(x); }
    case 12u: { return cosine(x); }
    case 13u: { return logOnePlus(x); }
    case 14u: { return expMinusOne(x); }
    case 15u: { return 0.5 * x * erfc(-0.70710678 * x); }
    case 16u: { return 0.5 * x * (1.0 + safeTanh(0.7978846 * (x + 0.044715 * x * x * x))); }
    case 17u: { return x * sigmoid(x); }
    case 18u: { return select(p * x, x, x > 0.0); }
    case 19u: { return select(p * expMinusOne(x), x, x > 0.0); }
    case 20u: {
      if (p * x > q) { return x; }
      return log1p(safeExp(p * x)) / p;
    }
    case 21u: { return gate(x) / 6.0; }
    case 22u: { return x * gate(x) / 6.0; }
    case 23u: { return within(x, p, q); }
    case 26u: { return within(x, p, notANumber()); }
    default: { return powerOf(x, p); }
  }
}

@compute @workgroup_size(64)
fn elementwise_forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size) { return; }
  let value = x[index];
  // NaN stays NaN, but its sign is 0, as is its 0th power 1.
  if (isNotANumber(value) && KIND != 24u) {
    y[index] = select(value, 0.0, KIND == 1u);
    return;
  }
  y[index] = resultOf(value, params.p, params.q);
}
