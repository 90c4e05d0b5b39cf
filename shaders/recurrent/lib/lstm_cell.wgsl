// The gates and gradients of one unit of an LSTM; gates are vec4(i, f, g, o).
// uses: lib/activations (sigmoid, safeTanh)

// i, f, o = σ(·), g = tanh(·) of the preactivations.
fn activateGates(x: vec4f) -> vec4f {
  return vec4f(sigmoid(x.x), sigmoid(x.y), safeTanh(x.z), sigmoid(x.w));
}

// Gradients with respect to the preactivations of i, f, g, o, and to c_{t-1}.
struct CellGradient { gates: vec4f, before: f32 }

// gradHidden is dL/dh_t; gradCell is the part of dL/dc_t that comes from the next step.
fn cellBackward(gates: vec4f, cell: f32, cellBefore: f32, gradHidden: f32, gradCell: f32) -> CellGradient {
  let i = gates.x; let f = gates.y; let g = gates.z; let o = gates.w;
  let squashed = safeTanh(cell);
  let total = gradCell + gradHidden * o * (1.0 - squashed * squashed);
  return CellGradient(
    vec4f(
      total * g * i * (1.0 - i),
      total * cellBefore * f * (1.0 - f),
      total * i * (1.0 - g * g),
      gradHidden * squashed * o * (1.0 - o),
    ),
    total * f,
  );
}
