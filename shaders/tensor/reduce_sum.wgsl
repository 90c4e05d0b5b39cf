// reduce_sum: sums in stages, always in the same order. Each workgroup leaves one value; another dispatch sums these if there are several.
//
//   out[g] = Σ partial[i]     over i in [g·chunk, min((g + 1)·chunk, size))
//
// grid        x: size / chunk
// workgroup   `chunk` values
// invocation  a 64th of these values, in a run; then the first invocation sums the 64 results
// partial     read        [size]
// out         read_write  [size / chunk]
// params
//   size, chunk  values in partial; values of a workgroup

struct Params { size: u32, chunk: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

var<workgroup> sums: array<f32, 64>;

@compute @workgroup_size(64)
fn reduce_sum(@builtin(local_invocation_index) index: u32, @builtin(workgroup_id) group: vec3u) {
  let start = group.x * params.chunk;
  let end = min(start + params.chunk, params.size);
  let run = (end - start + 63u) / 64u;
  var sum = 0.0;
  for (var i = start + index * run; i < min(start + (index + 1u) * run, end); i++) {
    sum += partial[i];
  }
  sums[index] = sum;
  workgroupBarrier();
  if (index == 0u) {
    var total = 0.0;
    for (var i = 0u; i < 64u; i++) { total += sums[i]; }
    out[group.x] = total;
  }
}
