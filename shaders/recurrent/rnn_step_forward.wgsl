// rnn_step_forward: one time step of an Elman RNN, for version `step`: recurrent product, gates and state in one dispatch.
//
//   a = gates[t] + b_hh + h_{t-1}·W'
//   h_t = act(a)      act = tanh, or with relu = 1 max(·, 0)
//
// gates[t] arrives holding x_t·W_ihᵀ + b_ih. The step before is t-1, or t+1 in the reverse direction.
// Past the end of a row's sequence its state stays.
//
// grid        x: hidden / (4·8), y (and z, past the limit): batch / (4·4)
// workgroup   8 × 4 invocations: 32 units, 16 batch rows
// invocation  4 units, 4 batch rows
// steps       one, t
// gates       read_write  [T][batch][hidden]; only read (read_write, as the backward pass writes it)
// weight      read        W'[k][j] = W_hh[j][k]: [hidden][hidden]
// bias        read        b_hh: [hidden]; only read where hasBias = 1
// hidden      read_write  h, f32
// lengths     read        steps of each sequence: [batch]; only read where hasLengths = 1
// params
//   batch, hidden        batch rows; units of the layer
//   gate                 offset of step t in gates
//   before, current      offsets in hidden of the state before step t, and of step t. The history has a block of [batch][hidden]
//                        for each step, and one for the initial state next to the first step processed
//   hasBias, hasLengths  whether bias and lengths are read
//   time                 t, to compare with lengths
//   relu                 1: max(·, 0) in place of tanh
// uses: lib/activations (safeTanh), lib/relu (relu), recurrent/lib/rnn_update_forward (update),
//   recurrent/lib/sequence_lengths (isActive, anyActive)

struct Params {
  batch: u32, hidden: u32, gate: u32, before: u32, current: u32,
  hasBias: u32, hasLengths: u32, time: u32,
  relu: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gates: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> hidden: array<f32>;
@group(0) @binding(5) var<storage, read> lengths: array<f32>;

@compute @workgroup_size(8, 4)
fn rnn_step_forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let unit = id.x * 4u;
  let row = (id.y + id.z * groups.y * 4u) * 4u;
  if (unit >= params.hidden || row >= params.batch) { return; }

  // Rows and units outside read a valid element and are dropped in update().
  let lastRow = params.batch - 1u;
  var h0 = params.before + row * params.hidden;
  var h1 = params.before + min(row + 1u, lastRow) * params.hidden;
  var h2 = params.before + min(row + 2u, lastRow) * params.hidden;
  var h3 = params.before + min(row + 3u, lastRow) * params.hidden;
  let lastUnit = params.hidden - 1u;
  var w0 = unit;
  var w1 = min(unit + 1u, lastUnit);
  var w2 = min(unit + 2u, lastUnit);
  var w3 = min(unit + 3u, lastUnit);

  // A vec4 over the units for each row.
  var sum0 = vec4f(); var sum1 = vec4f(); var sum2 = vec4f(); var sum3 = vec4f();
  let depth = select(0u, params.hidden, anyActive(row, 4u, params.time));
  for (var k = 0u; k < depth; k++) {
    let units = vec4f(weight[w0], weight[w1], weight[w2], weight[w3]);
    sum0 += hidden[h0] * units; sum1 += hidden[h1] * units;
    sum2 += hidden[h2] * units; sum3 += hidden[h3] * units;
    h0++; h1++; h2++; h3++;
    w0 += params.hidden; w1 += params.hidden; w2 += params.hidden; w3 += params.hidden;
  }

  // A loop, so that update() is compiled once.
  var sums = array<vec4f, 4>(sum0, sum1, sum2, sum3);
  for (var i = 0u; i < 16u; i++) {
    update(row + i / 4u, unit + i % 4u, sums[i / 4u][i % 4u]);
  }
}
