// lstm_cell_backward: the pointwise part of one LSTM time step backwards; the plain version, after a gemm has
// computed recurrent = dG[t+1]·W'ᵀ.
//
//   dh_t = dY[t] + recurrent + dh_N;   dG[t], dc_{t-1} = the cell's gradient from dh_t and dc_t
//
// gates[t] arrives holding i, f, g, o and leaves holding dG[t]. carry holds dc_t on entry, dc_{t-1} on exit.
//
// grid        x (and y, past the limit): batch·hidden / 64
// gates       read_write  [T][batch][hidden] of vec4(i, f, g, o); `gate` is step t's offset in vec4s
// recurrent   read        [batch][hidden]; only read where hasNext = 1
// cells       read        c, f32; offsets `current` and `before`
// gradOutput  read        dY: [T][batch][hidden]; `gradOffset` is step t's; only read where hasGradOutput = 1
// gradHidden  read        dh_N: [batch][hidden]; only read where hasGradHidden = 1
// carry       read_write  [batch][hidden]; only read where hasCarry = 1

struct Params {
  batch: u32, hidden: u32, gate: u32, before: u32, current: u32, gradOffset: u32,
  hasNext: u32, hasBefore: u32, hasGradOutput: u32, hasGradHidden: u32, hasCarry: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gates: array<vec4f>;
@group(0) @binding(2) var<storage, read> recurrent: array<f32>;
@group(0) @binding(3) var<storage, read> cells: array<f32>;
@group(0) @binding(4) var<storage, read> gradOutput: array<f32>;
@group(0) @binding(5) var<storage, read> gradHidden: array<f32>;
@group(0) @binding(6) var<storage, read_write> carry: array<f32>;

@compute @workgroup_size(64)
fn lstm_cell_backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.batch * params.hidden) { return; }
  var product = vec4f();
  if (params.hasNext != 0u) { product.x = recurrent[at]; }
  update(at / params.hidden, at % params.hidden, product);
}
