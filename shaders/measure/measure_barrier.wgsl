// measure_barrier: `count` pairs of workgroup barriers in a row, to learn what one costs where 256 invocations keep a tile of 16
// values in registers meanwhile, as those of gemm_shared do. Some adapters store all of it at every barrier.
//
// grid      1
// out       read_write  [256]

struct Params { count: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;

var<workgroup> ring: array<f32, 256>;

@compute @workgroup_size(256)
fn measure_barrier(@builtin(local_invocation_index) index: u32) {
  ring[index] = f32(index);
  var a = vec4f(); var b = vec4f(); var c = vec4f(); var d = vec4f();
  for (var i = 0u; i < params.count; i++) {
    workgroupBarrier();
    // Each round depends on the one before, so none can be left out.
    let neighbour = ring[(index + 1u) % 256u];
    a += neighbour; b -= neighbour; c += 2.0 * neighbour; d -= 2.0 * neighbour;
    workgroupBarrier();
    ring[index] = neighbour;
  }
  let sum = a + b * 0.5 + c * 0.25 + d * 0.125;
  out[index] = ring[index] + sum.x + sum.y + sum.z + sum.w;
}
