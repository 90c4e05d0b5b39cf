// exp(x) - 1 and log(1 + x) of every float32, accurate for small x.
// uses: lib/exp_log (safeExp, safeLog), lib/log1p (log1p)

// The power series below 1/2; the next term is under 1e-8 of the sum.
fn expMinusOne(x: f32) -> f32 {
  let tail = 1.0 / 24.0 + x * (1.0 / 120.0 + x * (1.0 / 720.0 + x * (1.0 / 5040.0 + x * (1.0 / 40320.0))));
  let near = x + x * x * (0.5 + x * (1.0 / 6.0 + x * tail));
  return select(safeExp(x) - 1.0, near, abs(x) < 0.5);
}

// 1 + x is exact below -1/2.
fn logOnePlus(x: f32) -> f32 {
  if (x < -0.5) { return safeLog(1.0 + x); }
  return log1p(x);
}
