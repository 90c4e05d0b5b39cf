// Computes the gradients of one unit of a GRU in one batch row, from its recurrent product. Past the end of the row's sequence
// gradients pass through unchanged.
// Bindings and params are those of gru_cell_backward and gru_step_backward.
// uses: recurrent/lib/sequence_lengths (isActive)

fn update(row: u32, unit: u32, recurrent: f32) {
  if (row >= params.batch || unit >= params.hidden) { return; }
  let at = row * params.hidden + unit;
  let inside = isActive(row, params.time);
  var passed = recurrent;
  if (params.hasHiddenCarry != 0u) { passed += hiddenCarry[at]; }
  var grad = passed;
  if (params.hasGradOutput != 0u) { grad += gradOutput[params.gate + at]; }
  let before = hidden[params.before + at];
  let gate = gates[params.gate + at];
  let r = gate.x; let z = gate.y; let n = gate.z; let q = gate.w;
  let gradN = (grad - grad * z) * (1.0 - n * n);
  let gradGates = vec4f(gradN * q * r * (1.0 - r), grad * (before - n) * z * (1.0 - z), gradN, gradN * r);
  gates[params.gate + at] = select(vec4f(), gradGates, inside);
  hiddenCarry[at] = select(passed, grad * z, inside);
}
