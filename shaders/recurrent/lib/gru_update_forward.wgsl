// Gates and hidden state of one unit in one batch row of a GRU, from its recurrent product. Past a sequence's end the state stays
// and the gates are zero.
// Uses the bindings of gru_step_forward, which gru_cell_forward has too.

fn update(row: u32, unit: u32, recurrent: vec4f) {
  if (row >= params.batch || unit >= params.hidden) { return; }
  let at = row * params.hidden + unit;
  let inside = isActive(row, params.time);
  var before = 0.0;
  if (params.hasBefore != 0u) { before = hidden[params.before + at]; }
  var a = gates[params.gate + at] + recurrent;
  if (params.hasBias != 0u) { a += bias[unit]; }
  let r = sigmoid(a.x);
  let z = sigmoid(a.y);
  let n = safeTanh(a.z + r * a.w);
  gates[params.gate + at] = select(vec4f(), vec4f(r, z, n, a.w), inside);
  hidden[params.current + at] = select(before, (1.0 - z) * n + z * before, inside);
}
