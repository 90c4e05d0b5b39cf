// Hidden state of one unit in one batch row of an Elman RNN, from its recurrent product. Past a sequence's end the state stays.
// Uses the bindings of rnn_step_forward, which rnn_cell_forward has too.

fn update(row: u32, unit: u32, recurrent: f32) {
  if (row >= params.batch || unit >= params.hidden) { return; }
  let at = row * params.hidden + unit;
  let inside = isActive(row, params.time);
  var before = 0.0;
  if (params.hasBefore != 0u && !inside) { before = hidden[params.before + at]; }
  var a = gates[params.gate + at] + recurrent;
  if (params.hasBias != 0u) { a += bias[unit]; }
  hidden[params.current + at] = select(before, select(safeTanh(a), max(a, 0.0), params.relu != 0u), inside);
}
