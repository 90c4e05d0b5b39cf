// measure_loads: rounds of four independent vec4 loads from a storage buffer of 1 MiB, larger than a GPU's first-level
// cache: 16 values a round and invocation.
//
// grid      x: any
// data      read        [65536] of vec4
// out       read_write  [64·grid]
// params
//   count  rounds

struct Params { count: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> data: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn measure_loads(@builtin(global_invocation_id) id: vec3u) {
  var a = vec4f(); var b = vec4f(); var c = vec4f(); var d = vec4f();
  // Neighbouring invocations load neighbouring values; a prime stride covers the whole buffer.
  var at = id.x;
  for (var i = 0u; i < params.count; i++) {
    a += data[at & 0xffffu];
    b += data[(at + 64u) & 0xffffu];
    c += data[(at + 128u) & 0xffffu];
    d += data[(at + 192u) & 0xffffu];
    at += 257u;
  }
  let sum = a + b + c + d;
  out[id.x] = sum.x + sum.y + sum.z + sum.w;
}
