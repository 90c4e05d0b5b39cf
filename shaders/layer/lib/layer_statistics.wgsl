// Mean and 1/√(variance + eps) of a row of x, summed in runs of 32; NaN if the sum of squares overflows, where 0 would make every value
// the same. Reads the binding x, params.size and params.eps.
// uses: lib/not_a_number (notANumber), lib/finite (isFinite)

fn statistics(start: u32) -> vec2f {
  var total = 0.0;
  for (var first = 0u; first < params.size; first += 32u) {
    var sum = 0.0;
    for (var i = first; i < min(first + 32u, params.size); i++) { sum += x[start + i]; }
    total += sum;
  }
  let mean = total / f32(params.size);
  var squares = 0.0;
  for (var first = 0u; first < params.size; first += 32u) {
    var sum = 0.0;
    for (var i = first; i < min(first + 32u, params.size); i++) {
      let centered = x[start + i] - mean;
      sum += centered * centered;
    }
    squares += sum;
  }
  let scale = 1.0 / sqrt(squares / f32(params.size) + params.eps);
  return vec2f(mean, select(notANumber(), scale, isFinite(squares)));
}
