// Gates and hidden state of one unit in one batch row of a GRU, from its recurrent product.
// Uses the bindings of gru_step_forward, which gru_subgroup_forward and gru_cell_forward have too.

fn update(row: u32, unit: u32, recurrent: vec4f) {
  if (row >= params.batch || unit >= params.hidden) { return; }
  let at = row * params.hidden + unit;
  var before = 0.0;
  if (params.hasBefore != 0u) { before = hidden[params.before + at]; }
  if (!isActive(row, params.time)) {
    // Past a sequence's end its state stays.
    gates[params.gate + at] = vec4f();
    hidden[params.current + at] = before;
    return;
  }
  var a = gates[params.gate + at] + recurrent;
  if (params.hasBias != 0u) { a += bias[unit]; }
  let r = sigmoid(a.x);
  let z = sigmoid(a.y);
  let n = safeTanh(a.z + r * a.w);
  gates[params.gate + at] = vec4f(r, z, n, a.w);
  hidden[params.current + at] = (1.0 - z) * n + z * before;
}
