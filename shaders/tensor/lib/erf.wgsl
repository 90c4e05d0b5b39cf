// The error function erf(x) = 2/√π · ∫₀ˣ exp(-t²) dt, and erfc(x) = 1 - erf(x), which stays accurate where erf rounds to 1.
//
// Below 1 the power series of erf. From 1 on erfc(x) = exp(-x²)·t·P(t) with t = 1/(1 + x/2) and P fitted to float32 accuracy.
// uses: lib/exp_log (safeExp)

fn erfSeries(x: f32) -> f32 {
  let q = x * x;
  let tail = 1.2055333e-4 + q * (-1.492565e-5 + q * (1.6462114e-6 + q * (-1.6365845e-7 + q * 1.4807193e-8)));
  return x * (1.1283792 + q * (-0.37612639 + q * (0.11283792 + q * (-0.02686617 + q * (0.0052239776 + q * (-8.548327e-4 + q * tail))))));
}

// erfc for x ≥ 1.
fn erfcFar(x: f32) -> f32 {
  let t = 1.0 / (1.0 + 0.5 * x);
  let tail = 0.05993021 + t * (0.08128584 + t * (-0.2231051 + t * 0.09171396));
  return safeExp(-x * x) * t * (0.28209475 + t * (0.28210247 + t * (0.24656491 + t * (0.17990246 + t * tail))));
}

fn erf(x: f32) -> f32 {
  if (abs(x) < 1.0) { return erfSeries(x); }
  return sign(x) * (1.0 - erfcFar(abs(x)));
}

fn erfc(x: f32) -> f32 {
  if (abs(x) < 1.0) { return 1.0 - erfSeries(x); }
  let far = erfcFar(abs(x));
  return select(2.0 - far, far, x > 0.0);
}
