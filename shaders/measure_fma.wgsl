// measure_fma: `count` rounds of eight independent vec4 multiply-adds in registers: 64 floating-point operations a
// round and invocation, the adapter's ceiling for everything else.
//
// grid      x: any
// out       read_write  [64·grid]

struct Params { count: u32, factor: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn measure_fma(@builtin(global_invocation_id) id: vec3u) {
  let start = f32(id.x & 7u);
  let factor = vec4f(params.factor);
  let term = vec4f(0.5);
  var a = vec4f(start); var b = vec4f(start + 1.0); var c = vec4f(start + 2.0); var d = vec4f(start + 3.0);
  var e = vec4f(start + 4.0); var f = vec4f(start + 5.0); var g = vec4f(start + 6.0); var h = vec4f(start + 7.0);
  for (var i = 0u; i < params.count; i++) {
    a = a * factor + term; b = b * factor + term; c = c * factor + term; d = d * factor + term;
    e = e * factor + term; f = f * factor + term; g = g * factor + term; h = h * factor + term;
  }
  let sum = a + b + c + d + e + f + g + h;
  out[id.x] = sum.x + sum.y + sum.z + sum.w;
}
