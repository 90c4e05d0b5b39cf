// choose: y[i] = condition[i] ≠ 0 ? a[i] : b[i] for i < size. a and b may each be one number. NaN counts as true, as in PyTorch.
//
// Where a gradient passes to the chosen side alone, this is its backward pass too, with 0 for the other side.
//
// grid       x (and y, past the limit): size / 64
// condition  read        [size]
// a, b       read        [size], if hasA and hasB are 1
// y          read_write  [size]; a different buffer from the others
// params     hasA, hasB, numberA, numberB: whether a and b are tensors, and the numbers if not

struct Params { size: u32, hasA: u32, hasB: u32, numberA: f32, numberB: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> condition: array<f32>;
@group(0) @binding(2) var<storage, read> a: array<f32>;
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn choose(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size) { return; }
  var result: f32;
  if ((bitcast<u32>(condition[index]) & 0x7fffffffu) != 0u) {
    result = params.numberA;
    if (params.hasA != 0u) { result = a[index]; }
  } else {
    result = params.numberB;
    if (params.hasB != 0u) { result = b[index]; }
  }
  y[index] = result;
}
