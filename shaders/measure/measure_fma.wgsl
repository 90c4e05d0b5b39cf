// measure_fma: rounds of sixteen multiply-adds of two independent vec4 in registers, 256 floating-point operations a round and
// invocation: the adapter's ceiling for everything else. SwiftShader keeps only two in registers, and its loop overhead is as high as
// several of them.
//
// grid      x: any
// out       read_write  [64·grid]
// params
//   count   rounds
//   factor  factor of every multiply-add; under 1, so that the values stay finite

struct Params { count: u32, factor: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn measure_fma(@builtin(global_invocation_id) id: vec3u) {
  let start = f32(id.x & 7u);
  let factor = vec4f(params.factor);
  let term = vec4f(0.5);
  var a = vec4f(start);
  var b = vec4f(start + 1.0);
  for (var i = 0u; i < params.count; i++) {
    // @unroll
    for (var j = 0u; j < 16u; j++) {
      a = a * factor + term;
      b = b * factor + term;
    }
  }
  let sum = a + b;
  out[id.x] = sum.x + sum.y + sum.z + sum.w;
}
