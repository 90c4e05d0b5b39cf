// measure_barrier: pairs of workgroup barriers in a row. Measures the cost of a barrier while each of SIZE invocations holds a
// tile of 16 values in registers, as in gemm_shared. Some adapters store all of them at every barrier.
//
// grid      1
// out       read_write  [SIZE]
// params
//   count  pairs of barriers

struct Params { count: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;

// Fewer on a device that has no workgroups of 256.
const SIZE = 256u;

var<workgroup> ring: array<f32, SIZE>;

@compute @workgroup_size(SIZE)
fn measure_barrier(@builtin(local_invocation_index) index: u32) {
  ring[index] = f32(index);
  var a = vec4f(); var b = vec4f(); var c = vec4f(); var d = vec4f();
  for (var i = 0u; i < params.count; i++) {
    workgroupBarrier();
    // Each round depends on the previous one, so none can be optimized away.
    let neighbour = ring[(index + 1u) % SIZE];
    a += neighbour; b -= neighbour; c += 2.0 * neighbour; d -= 2.0 * neighbour;
    workgroupBarrier();
    ring[index] = neighbour;
  }
  let sum = a + b * 0.5 + c * 0.25 + d * 0.125;
  out[index] = ring[index] + sum.x + sum.y + sum.z + sum.w;
}
