// activation_backward: gradX[i] = gradY[i]·f'(x[i]) for i < size, with f by kind as in activation_forward.
//
//   relu' = x ≤ 0 ? 0 : 1      tanh' = 1 - tanh²      sigmoid' = sigmoid·(1 - sigmoid)      exp' = exp      log' = 1/x
//
// f is recomputed from x, so only x is saved.
//
// grid      x (and y, past the limit): size / 64
// x, gradY  read        [size]
// gradX     read_write  [size]
// uses: lib/not_a_number (isNotANumber, notANumber), lib/activations (sigmoid, safeTanh), lib/relu (relu), lib/exp_log (safeExp)

struct Params { size: u32, kind: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gradY: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradX: array<f32>;

@compute @workgroup_size(64)
fn activation_backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size) { return; }
  let value = x[index];
  let gradient = gradY[index];
  switch params.kind {
    // Selected, not multiplied: nothing passes where the result is 0, whatever the gradient.
    case 0u: { gradX[index] = select(gradient, 0.0, bitcast<u32>(relu(value)) == 0u); }
    case 1u: {
      let y = safeTanh(value);
      gradX[index] = gradient * (1.0 - y * y);
    }
    case 2u: {
      let y = sigmoid(value);
      gradX[index] = gradient * y * (1.0 - y);
    }
    case 3u: { gradX[index] = gradient * safeExp(value); }
    default: { gradX[index] = gradient / value; }
  }
}
