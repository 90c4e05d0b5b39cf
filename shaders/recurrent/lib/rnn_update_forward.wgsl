// Computes h of one unit of an Elman RNN in one batch row, from its recurrent product. Past the end of the row's sequence the state
// stays.
// Bindings and params are those of rnn_cell_forward and rnn_step_forward.
// uses: lib/activations (safeTanh), lib/relu (relu), recurrent/lib/sequence_lengths (isActive)

fn update(row: u32, unit: u32, recurrent: f32) {
  if (row >= params.batch || unit >= params.hidden) { return; }
  let at = row * params.hidden + unit;
  let inside = isActive(row, params.time);
  var before = 0.0;
  if (!inside) { before = hidden[params.before + at]; }
  var a = gates[params.gate + at] + recurrent;
  if (params.hasBias != 0u) { a += bias[unit]; }
  hidden[params.current + at] = select(before, select(safeTanh(a), relu(a), params.relu != 0u), inside);
}
