// reduce_sum: out[0] = Σ partial[i], i < size, always in the same order: 64 invocations sum a run each,
// the first one sums the 64.
//
// grid      1
// partial   read        [size]
// out       read_write  [1]

struct Params { size: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

var<workgroup> sums: array<f32, 64>;

@compute @workgroup_size(64)
fn reduce_sum(@builtin(local_invocation_index) index: u32) {
  let run = (params.size + 63u) / 64u;
  var sum = 0.0;
  for (var i = index * run; i < min((index + 1u) * run, params.size); i++) {
    sum += partial[i];
  }
  sums[index] = sum;
  workgroupBarrier();
  if (index == 0u) {
    var total = 0.0;
    for (var i = 0u; i < 64u; i++) { total += sums[i]; }
    out[0] = total;
  }
}
