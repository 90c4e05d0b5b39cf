// Gradients of one unit in one batch row, from its recurrent product, one partial sum a gate.
// Uses the bindings of lstm_step_backward, which lstm_subgroup_backward and lstm_cell_backward have too.

fn update(row: u32, unit: u32, recurrent: vec4f) {
  if (row >= params.batch || unit >= params.hidden) { return; }
  let at = row * params.hidden + unit;
  var grad = recurrent.x + recurrent.y + recurrent.z + recurrent.w;
  if (params.hasGradOutput != 0u) { grad += gradOutput[params.gradOffset + at]; }
  if (params.hasGradHidden != 0u) { grad += gradHidden[at]; }
  var gradCell = 0.0;
  if (params.hasCarry != 0u) { gradCell = carry[at]; }
  var cellBefore = 0.0;
  if (params.hasBefore != 0u) { cellBefore = cells[params.before + at]; }
  let result = cellBackward(gates[params.gate + at], cells[params.current + at], cellBefore, grad, gradCell);
  gates[params.gate + at] = result.gates;
  carry[at] = result.before;
}
