// Gates, cell and hidden state of one unit in one batch row, from its recurrent product. Past a sequence's end the state stays
// and the gates are zero. One store each, as software adapters execute both sides of a branch.
// Uses the bindings of lstm_step_forward, which lstm_cell_forward has too.

fn update(row: u32, unit: u32, recurrent: vec4f) {
  if (row >= params.batch || unit >= params.hidden) { return; }
  let at = row * params.hidden + unit;
  let inside = isActive(row, params.time);
  var cellBefore = 0.0;
  var hiddenBefore = 0.0;
  if (params.hasBefore != 0u) {
    cellBefore = cells[params.before + at];
    if (!inside) { hiddenBefore = hidden[params.before + at]; }
  }
  var a = gates[params.gate + at] + recurrent;
  if (params.hasBias != 0u) { a += bias[unit]; }
  let gate = activateGates(a);
  let cell = select(cellBefore, gate.x * gate.z + gate.y * cellBefore, inside);
  gates[params.gate + at] = select(vec4f(), gate, inside);
  cells[params.current + at] = cell;
  hidden[params.current + at] = select(hiddenBefore, gate.w * safeTanh(cell), inside);
}
