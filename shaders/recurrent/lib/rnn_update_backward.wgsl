// Computes the gradients of one unit of an Elman RNN in one batch row, from its recurrent product. Past the end of the row's sequence
// gradients pass through unchanged.
// Bindings and params are those of rnn_cell_backward and rnn_step_backward.
// uses: recurrent/lib/sequence_lengths (isActive)

fn update(row: u32, unit: u32, recurrent: f32) {
  if (row >= params.batch || unit >= params.hidden) { return; }
  let at = row * params.hidden + unit;
  let inside = isActive(row, params.time);
  var grad = recurrent;
  if (params.hasHiddenCarry != 0u) { grad += hiddenCarry[at]; }
  if (params.keepsHiddenCarry != 0u) { hiddenCarry[at] = select(grad, 0.0, inside); }
  if (params.hasGradOutput != 0u) { grad += gradOutput[params.gate + at]; }
  let h = hidden[params.current + at];
  let result = select(grad * (1.0 - h * h), select(grad, 0.0, bitcast<u32>(h) == 0u), params.relu != 0u);
  gates[params.gate + at] = select(0.0, result, inside);
}
