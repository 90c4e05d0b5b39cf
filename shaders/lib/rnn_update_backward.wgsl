// Gradient of one unit in one batch row of an Elman RNN, from its recurrent product.
// Uses the bindings of rnn_step_backward, which rnn_cell_backward has too.

fn update(row: u32, unit: u32, recurrent: f32) {
  if (row >= params.batch || unit >= params.hidden) { return; }
  let at = row * params.hidden + unit;
  var grad = recurrent;
  if (params.hasHiddenCarry != 0u) { grad += hiddenCarry[at]; }
  if (!isActive(row, params.time)) {
    // Past a sequence's end its gradient passes through as it is.
    gates[params.gate + at] = 0.0;
    if (params.keepsHiddenCarry != 0u) { hiddenCarry[at] = grad; }
    return;
  }
  if (params.keepsHiddenCarry != 0u) { hiddenCarry[at] = 0.0; }
  if (params.hasGradOutput != 0u) { grad += gradOutput[params.gate + at]; }
  let h = hidden[params.current + at];
  gates[params.gate + at] = grad * select(1.0 - h * h, select(0.0, 1.0, h > 0.0), params.relu != 0u);
}
