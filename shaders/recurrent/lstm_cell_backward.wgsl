// lstm_cell_backward: the pointwise part of one LSTM time step backwards; the plain version, after a gemm has
// computed recurrent = dG[next]·W'ᵀ, or with a projection dh_t·W_hr.
//
//   dh_t = dY[t] + recurrent + hiddenCarry;   dG[t], dc_{t-1} = the cell's gradient from dh_t and dc_t
//
// gates[t] arrives holding i, f, g, o and leaves holding dG[t]. cellCarry holds dc_t on entry, dc_{t-1} on exit.
//
// grid         x (and y, past the limit): batch·hidden / 64
// gates        read_write  [T][batch][hidden] of vec4(i, f, g, o); `gate` is step t's offset in vec4s
// recurrent    read        [batch][hidden]; only read where hasNext = 1
// cells        read        c, f32; offsets `current` and `before`
// gradOutput   read        dY: [T][batch][hidden]; only read where hasGradOutput = 1
// hiddenCarry  read_write  [batch][hidden]            cellCarry  read_write  [batch][hidden], as in lstm_step_backward
// lengths      read        [batch]; only read where hasLengths = 1

struct Params {
  batch: u32, hidden: u32, gate: u32, nextGate: u32, before: u32, current: u32,
  hasNext: u32, hasBefore: u32, hasGradOutput: u32, hasHiddenCarry: u32,
  hasLengths: u32, time: u32, nextTime: u32, keepsHiddenCarry: u32, hasCellCarry: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gates: array<vec4f>;
@group(0) @binding(2) var<storage, read> recurrent: array<f32>;
@group(0) @binding(3) var<storage, read> cells: array<f32>;
@group(0) @binding(4) var<storage, read> gradOutput: array<f32>;
@group(0) @binding(5) var<storage, read_write> hiddenCarry: array<f32>;
@group(0) @binding(6) var<storage, read_write> cellCarry: array<f32>;
@group(0) @binding(7) var<storage, read> lengths: array<f32>;

@compute @workgroup_size(64)
fn lstm_cell_backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.batch * params.hidden) { return; }
  var product = 0.0;
  if (params.hasNext != 0u) { product = recurrent[at]; }
  update(at / params.hidden, at % params.hidden, product);
}
