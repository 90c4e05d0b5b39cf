// activation_forward: y[i] = f(x[i]) for i < size, with f by kind: 0 relu, 1 tanh, 2 sigmoid, 3 exp, 4 log.
//
// grid      x (and y, past the limit): size / 64
// x         read        [size]
// y         read_write  [size]; a different buffer from x
// uses: lib/not_a_number (isNotANumber, notANumber), lib/activations (sigmoid, safeTanh), lib/relu (relu), lib/exp_log (safeExp, safeLog)

struct Params { size: u32, kind: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn activation_forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size) { return; }
  let value = x[index];
  switch params.kind {
    case 0u: { y[index] = relu(value); }
    case 1u: { y[index] = safeTanh(value); }
    case 2u: { y[index] = sigmoid(value); }
    case 3u: { y[index] = safeExp(value); }
    default: { y[index] = safeLog(value); }
  }
}
