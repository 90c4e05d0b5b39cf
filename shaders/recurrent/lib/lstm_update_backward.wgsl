// Computes the gradients of one unit of an LSTM in one batch row, from its recurrent product. Past the end of the row's sequence
// gradients pass through unchanged.
// Bindings and params are those of lstm_cell_backward and lstm_step_backward.
// uses: recurrent/lib/lstm_cell (cellBackward), recurrent/lib/sequence_lengths (isActive)

fn update(row: u32, unit: u32, recurrent: f32) {
  if (row >= params.batch || unit >= params.hidden) { return; }
  let at = row * params.hidden + unit;
  let inside = isActive(row, params.time);
  var grad = recurrent;
  if (params.hasHiddenCarry != 0u) { grad += hiddenCarry[at]; }
  if (params.keepsHiddenCarry != 0u) { hiddenCarry[at] = select(grad, 0.0, inside); }
  if (params.hasGradOutput != 0u) { grad += gradOutput[params.gate + at]; }
  var gradCell = 0.0;
  if (params.hasCellCarry != 0u) { gradCell = cellCarry[at]; }
  let cellBefore = cells[params.before + at];
  let result = cellBackward(gates[params.gate + at], cells[params.current + at], cellBefore, grad, gradCell);
  gates[params.gate + at] = select(vec4f(), result.gates, inside);
  cellCarry[at] = select(gradCell, result.before, inside);
}
