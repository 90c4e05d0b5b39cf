// embedding_places: turns counts into places, the second third of a sorting pass: the sum of all counts before each.
//
//   counts[i] = Σ counts[j]     over j < i
//
// grid        1
// workgroup   all counts
// invocation  a 64th of the counts, in a run: it sums them, and adds the runs before it
// counts      read_write  [size], u32
// params
//   size  counts

struct Params { size: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> counts: array<u32>;

var<workgroup> sums: array<u32, 64>;

@compute @workgroup_size(64)
fn embedding_places(@builtin(local_invocation_index) index: u32) {
  let run = (params.size + 63u) / 64u;
  let first = index * run;
  let end = min(first + run, params.size);
  var sum = 0u;
  for (var i = first; i < end; i++) { sum += counts[i]; }
  sums[index] = sum;
  workgroupBarrier();
  var before = 0u;
  for (var i = 0u; i < index; i++) { before += sums[i]; }
  for (var i = first; i < end; i++) {
    let count = counts[i];
    counts[i] = before;
    before += count;
  }
}
