// Gates, cell and hidden state of one unit in one batch row, from its recurrent product.
// Uses the bindings of lstm_step_forward, which lstm_subgroup_forward and lstm_cell_forward have too.

fn update(row: u32, unit: u32, recurrent: vec4f) {
  if (row >= params.batch || unit >= params.hidden) { return; }
  let at = row * params.hidden + unit;
  let hasBefore = params.hasBefore != 0u;
  var cellBefore = 0.0;
  if (hasBefore) { cellBefore = cells[params.before + at]; }
  if (!isActive(row, params.time)) {
    // Past a sequence's end its state stays.
    var hiddenBefore = 0.0;
    if (hasBefore) { hiddenBefore = hidden[params.before + at]; }
    gates[params.gate + at] = vec4f();
    cells[params.current + at] = cellBefore;
    hidden[params.current + at] = hiddenBefore;
    return;
  }
  var a = gates[params.gate + at] + recurrent;
  if (params.hasBias != 0u) { a += bias[unit]; }
  let gate = activateGates(a);
  let cell = gate.x * gate.z + gate.y * cellBefore;
  gates[params.gate + at] = gate;
  cells[params.current + at] = cell;
  hidden[params.current + at] = gate.w * safeTanh(cell);
}
