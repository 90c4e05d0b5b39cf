// measure_barrier: `count` workgroup barriers in a row, to learn what one costs on this adapter.
//
// grid      1
// out       read_write  [64]

struct Params { count: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;

var<workgroup> ring: array<f32, 64>;

@compute @workgroup_size(64)
fn measure_barrier(@builtin(local_invocation_index) index: u32) {
  ring[index] = f32(index);
  for (var i = 0u; i < params.count; i++) {
    workgroupBarrier();
    // Each round depends on the one before, so none can be left out.
    let neighbour = ring[(index + 1u) % 64u];
    workgroupBarrier();
    ring[index] = neighbour;
  }
  out[index] = ring[index];
}
