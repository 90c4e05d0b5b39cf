// Losses of one element by `kind`, with the error e = x - y between prediction x and target y.
//
//   0 squared       e²
//   1 absolute      |e|
//   2 smooth L1     e² / (2·b) if |e| < b, else |e| - b / 2                               b = beta, `parameter`
//   3 Huber         e² / 2 if |e| ≤ d, else d·(|e| - d / 2)                               d = delta, `parameter`
//   4 BCE           -y·log x - (1 - y)·log(1 - x)         both logarithms at least -100; x outside [0, 1] gives NaN
//   5 BCE of logits (1 - y)·x + (1 + (p - 1)·y)·log(1 + exp(-x))                          p = positive weight, `positive`
//
// uses: lib/not_a_number (isNotANumber, notANumber), lib/activations (sigmoid), lib/log1p (log1p)

const SQUARED = 0u; const ABSOLUTE = 1u; const SMOOTH = 2u; const HUBER = 3u; const BCE = 4u;

// Below this, float32 numbers may be flushed to zero.
const SMALLEST = 1.1754944e-38;

// log(x) for x from 0 to 1; near 1 it uses 1 - x, which is exact there.
fn logOr(x: f32, atZero: f32) -> f32 {
  if (x < SMALLEST) { return atZero; }
  if (x > 0.5) { return -log1p((1.0 - x) / x); }
  return log(x);
}

// log(1 - x) for x from 0 to 1.
fn log1m(x: f32, atOne: f32) -> f32 {
  if (x > 0.5) { return logOr(1.0 - x, atOne); }
  return -log1p(x / (1.0 - x));
}

// log(1 + exp(-x)) = max(-x, 0) + log(1 + exp(-|x|)). The bits tell NaN from the positive numbers.
fn softplusOfNegative(x: f32) -> f32 {
  return select(-x, 0.0, bitcast<u32>(x) <= 0x7f800000u) + log1p(exp(-abs(x)));
}

fn isProbability(x: f32) -> bool { return !isNotANumber(x) && x >= 0.0 && x <= 1.0; }

fn lossOf(kind: u32, parameter: f32, x: f32, y: f32, positive: f32) -> f32 {
  let e = x - y;
  let size = abs(e);
  switch kind {
    case SQUARED: { return e * e; }
    case ABSOLUTE: { return size; }
    case SMOOTH: {
      if (size < parameter) { return 0.5 * e * e / parameter; }
      return size - 0.5 * parameter;
    }
    case HUBER: {
      if (size <= parameter) { return 0.5 * e * e; }
      return parameter * (size - 0.5 * parameter);
    }
    case BCE: {
      if (!isProbability(x)) { return notANumber(); }
      return -y * max(logOr(x, -100.0), -100.0) - (1.0 - y) * max(log1m(x, -100.0), -100.0);
    }
    default: { return (1.0 - y) * x + (1.0 + (positive - 1.0) * y) * softplusOfNegative(x); }
  }
}

// Its derivative with respect to the prediction.
fn slopeOf(kind: u32, parameter: f32, x: f32, y: f32, positive: f32) -> f32 {
  let e = x - y;
  switch kind {
    case SQUARED: { return 2.0 * e; }
    // As PyTorch: 0 for NaN.
    case ABSOLUTE: { return select(sign(e), 0.0, isNotANumber(e)); }
    case SMOOTH: {
      if (isNotANumber(e)) { return e; }
      if (e <= -parameter) { return -1.0; }
      if (e >= parameter) { return 1.0; }
      return e / parameter;
    }
    case HUBER: { return select(clamp(e, -parameter, parameter), e, isNotANumber(e)); }
    case BCE: {
      if (!isProbability(x)) { return notANumber(); }
      return e / max((1.0 - x) * x, 1e-12);
    }
    default: { return (1.0 - y) * sigmoid(x) - positive * y * sigmoid(-x); }
  }
}

// Its derivative with respect to the target.
fn targetSlopeOf(kind: u32, parameter: f32, x: f32, y: f32, positive: f32) -> f32 {
  switch kind {
    case BCE: {
      if (!isProbability(x)) { return notANumber(); }
      // Not clamped, as in PyTorch: infinite where the prediction is 0 or 1.
      let infinity = 0x7f800000u;
      let minusInfinity = -bitcast<f32>(infinity);
      return log1m(x, minusInfinity) - logOr(x, minusInfinity);
    }
    // Exchanging x and y only flips the error's sign.
    case SQUARED, ABSOLUTE, SMOOTH, HUBER: { return slopeOf(kind, parameter, y, x, positive); }
    // Without a positive weight no product: the other factor may be infinite.
    default: { return select((positive - 1.0) * softplusOfNegative(x), 0.0, positive == 1.0) - x; }
  }
}
