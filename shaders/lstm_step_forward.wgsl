// lstm_step_forward: one time step of an LSTM layer, the recurrent product, gates and cell update fused.
//
//   a = gates[t] + b_hh + h_{t-1}·W'          gates[t] arrives holding x_t·W_ihᵀ + b_ih
//   i, f, o = σ(a_i), σ(a_f), σ(a_o);  g = tanh(a_g)
//   c_t = f·c_{t-1} + i·g;  h_t = o·tanh(c_t)
//
// gates[t] leaves holding i, f, g, o, which is what the backward pass needs.
// hidden and cells hold step after step of [batch][hidden], the initial state in the place before step 0; offsets
// `before` and `current` say where. With hasBefore = 0 the state before is zero and is not read.
//
// grid      x: hidden / (2·8), y: batch / (4·4);   one invocation owns 4 batch rows × 2 units
// gates     read_write  [T][batch][hidden] of vec4(i, f, g, o); `gate` is step t's offset in vec4s
// weight    read        W'[k][j] = vec4 over i, f, g, o of W_hh[gate·hidden + j][k]: [hidden][hidden] of vec4
// bias      read        b_hh: [hidden] of vec4; only read where hasBias = 1
// hidden    read_write  h, f32          cells  read_write  c, f32

struct Params {
  batch: u32, hidden: u32, gate: u32, before: u32, current: u32, hasBefore: u32, hasBias: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gates: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> hidden: array<f32>;
@group(0) @binding(5) var<storage, read_write> cells: array<f32>;

@compute @workgroup_size(8, 4)
fn lstm_step_forward(@builtin(global_invocation_id) id: vec3u) {
  let unit = id.x * 2u;
  let row = id.y * 4u;
  if (unit >= params.hidden || row >= params.batch) { return; }

  // Rows and units outside read a valid element and are dropped in update().
  let lastRow = params.batch - 1u;
  var h0 = params.before + row * params.hidden;
  var h1 = params.before + min(row + 1u, lastRow) * params.hidden;
  var h2 = params.before + min(row + 2u, lastRow) * params.hidden;
  var h3 = params.before + min(row + 3u, lastRow) * params.hidden;
  var w = unit;
  let right = min(unit + 1u, params.hidden - 1u) - unit;

  var sum00 = vec4f(); var sum01 = vec4f();
  var sum10 = vec4f(); var sum11 = vec4f();
  var sum20 = vec4f(); var sum21 = vec4f();
  var sum30 = vec4f(); var sum31 = vec4f();
  let depth = params.hidden * params.hasBefore;
  for (var k = 0u; k < depth; k++) {
    let w0 = weight[w];
    let w1 = weight[w + right];
    let rows = vec4f(hidden[h0], hidden[h1], hidden[h2], hidden[h3]);
    sum00 += rows.x * w0; sum01 += rows.x * w1;
    sum10 += rows.y * w0; sum11 += rows.y * w1;
    sum20 += rows.z * w0; sum21 += rows.z * w1;
    sum30 += rows.w * w0; sum31 += rows.w * w1;
    h0++; h1++; h2++; h3++;
    w += params.hidden;
  }

  // In a loop, so that what it calls is compiled once.
  var sums = array<vec4f, 8>(
    sum00, sum01, sum10, sum11,
    sum20, sum21, sum30, sum31,
  );
  for (var i = 0u; i < 8u; i++) {
    update(row + i / 2u, unit + i % 2u, sums[i]);
  }
}
