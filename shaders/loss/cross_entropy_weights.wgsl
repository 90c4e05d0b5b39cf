// cross_entropy_weights: sums the weights of the rows' classes, 0 for ignored rows, in chunks; the mean of cross_entropy_forward
// divides by their total.
//
//   partial[p] = Σ (expected[r] = ignored ? 0 : weight[expected[r]])     over r in [p·chunk, min((p + 1)·chunk, rows))
//
// Without weights a row counts 1. A target that is neither ignored nor a class index gives NaN.
//
// grid        x (and y, past the limit): partials / 64
// invocation  one chunk of rows, in order
// expected    read        [rows]
// weight      read        [classes]; only read if weighted = 1
// partial     read_write  [partials]
// params
//   rows, chunk, partials  rows; rows of a chunk; chunks
//   classes                classes
//   weighted               whether weight is read
//   ignored                target of the rows that do not count
// uses: lib/row_index (isIndex), lib/not_a_number (notANumber)

struct Params { rows: u32, chunk: u32, partials: u32, classes: u32, weighted: u32, ignored: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> expected: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;

@compute @workgroup_size(64)
fn cross_entropy_weights(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.partials) { return; }
  let end = min((index + 1u) * params.chunk, params.rows);
  var sum = 0.0;
  for (var row = index * params.chunk; row < end; row++) {
    let value = expected[row];
    if (value == params.ignored) { continue; }
    if (!isIndex(value, params.classes)) {
      sum = notANumber();
    } else if (params.weighted != 0u) {
      sum += weight[u32(value)];
    } else {
      sum += 1.0;
    }
  }
  partial[index] = sum;
}
