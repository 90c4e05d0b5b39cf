// Gradients of one unit in one batch row of a GRU, from its recurrent product, one partial sum a gate.
// Uses the bindings of gru_step_backward, which gru_subgroup_backward and gru_cell_backward have too.

fn update(row: u32, unit: u32, recurrent: vec4f) {
  if (row >= params.batch || unit >= params.hidden) { return; }
  let at = row * params.hidden + unit;
  var grad = recurrent.x + recurrent.y + recurrent.z + recurrent.w;
  if (params.hasHiddenCarry != 0u) { grad += hiddenCarry[at]; }
  if (!isActive(row, params.time)) {
    // Past a sequence's end its gradient passes through as it is.
    gates[params.gate + at] = vec4f();
    hiddenCarry[at] = grad;
    return;
  }
  if (params.hasGradOutput != 0u) { grad += gradOutput[params.gate + at]; }
  var before = 0.0;
  if (params.hasBefore != 0u) { before = hidden[params.before + at]; }
  let gate = gates[params.gate + at];
  let r = gate.x; let z = gate.y; let n = gate.z; let q = gate.w;
  let gradN = grad * (1.0 - z) * (1.0 - n * n);
  gates[params.gate + at] = vec4f(
    gradN * q * r * (1.0 - r),
    grad * (before - n) * z * (1.0 - z),
    gradN,
    gradN * r,
  );
  hiddenCarry[at] = grad * z;
}
