// binary: out[i] = a[i] ∘ b[i] for i < size, with ∘ by kind: 0 minus, 1 times, 2 divided by, 3 minus times, -(a·b).
//
// Pointwise arithmetic of two tensors, and of gradients. Plus is add.wgsl.
//
// grid      x (and y, past the limit): size / 64
// a, b      read        [size]
// out       read_write  [size]; a different buffer from a and b

struct Params { size: u32, kind: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn binary(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size) { return; }
  let left = a[index];
  let right = b[index];
  switch params.kind {
    case 0u: { out[index] = left - right; }
    case 1u: { out[index] = left * right; }
    case 2u: { out[index] = left / right; }
    default: { out[index] = -(left * right); }
  }
}
