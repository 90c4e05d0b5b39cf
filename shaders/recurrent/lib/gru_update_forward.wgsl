// Computes gates and h of one unit of a GRU in one batch row, from its recurrent product. Past the end of the row's sequence the state
// stays and the gates are zero.
// Bindings and params are those of gru_cell_forward and gru_step_forward.
// uses: lib/activations (sigmoid, safeTanh), recurrent/lib/sequence_lengths (isActive)

fn update(row: u32, unit: u32, recurrent: vec4f) {
  if (row >= params.batch || unit >= params.hidden) { return; }
  let at = row * params.hidden + unit;
  let inside = isActive(row, params.time);
  let before = hidden[params.before + at];
  // The product has nothing in slot n, but is NaN there where a state is infinite.
  var a = gates[params.gate + at] + vec4f(recurrent.xy, 0.0, recurrent.w);
  if (params.hasBias != 0u) { a += bias[unit]; }
  let r = sigmoid(a.x);
  let z = sigmoid(a.y);
  let n = safeTanh(a.z + r * a.w);
  gates[params.gate + at] = select(vec4f(), vec4f(r, z, n, a.w), inside);
  hidden[params.current + at] = select(before, (1.0 - z) * n + z * before, inside);
}
