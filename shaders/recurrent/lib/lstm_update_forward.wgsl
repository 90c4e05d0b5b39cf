// Computes gates, c and h of one unit of an LSTM in one batch row, from its recurrent product. Past the end of the row's sequence the states
// stay and the gates are zero. Each value has one store, as software adapters execute both sides of a branch.
// Bindings and params are those of lstm_cell_forward and lstm_step_forward.
// uses: recurrent/lib/lstm_cell (activateGates), lib/activations (safeTanh), recurrent/lib/sequence_lengths (isActive)

fn update(row: u32, unit: u32, recurrent: vec4f) {
  if (row >= params.batch || unit >= params.hidden) { return; }
  let at = row * params.hidden + unit;
  let inside = isActive(row, params.time);
  let cellBefore = cells[params.before + at];
  var hiddenBefore = 0.0;
  if (!inside) { hiddenBefore = hidden[params.before + at]; }
  var a = gates[params.gate + at] + recurrent;
  if (params.hasBias != 0u) { a += bias[unit]; }
  let gate = activateGates(a);
  let cell = select(cellBefore, gate.x * gate.z + gate.y * cellBefore, inside);
  gates[params.gate + at] = select(vec4f(), gate, inside);
  cells[params.current + at] = cell;
  hidden[params.current + at] = select(hiddenBefore, gate.w * safeTanh(cell), inside);
}
