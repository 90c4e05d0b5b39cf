// class_hits: counts the rows with the largest score at their target's class, and the rows that count, in chunks.
//
//   hits[p]   = Σ (argmax over c of scores[outer][c][inner] = expected[r] ? 1 : 0)     over r in [p·chunk, min((p + 1)·chunk, rows))
//   counts[p] = Σ 1                                                                    r = outer·inners + inner
//
// A row with target `ignored` counts in neither. The first of equal scores is the largest; a row with a NaN is not a hit. A target
// that is neither ignored nor a class index gives NaN.
//
// grid        x (and y, past the limit): partials / 64
// invocation  one chunk of rows, in order
// scores      read        [rows / inners][classes][inners]
// expected    read        [rows]
// hits        read_write  [partials]
// counts      read_write  [partials]
// params
//   rows, chunk, partials  rows; rows of a chunk; chunks
//   classes, inners        classes; rows with the same outer index
//   ignored                target of the rows that do not count
// uses: lib/row_index (isIndex), lib/not_a_number (isNotANumber, notANumber)

struct Params { rows: u32, chunk: u32, partials: u32, classes: u32, inners: u32, ignored: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> scores: array<f32>;
@group(0) @binding(2) var<storage, read> expected: array<f32>;
@group(0) @binding(3) var<storage, read_write> hits: array<f32>;
@group(0) @binding(4) var<storage, read_write> counts: array<f32>;

@compute @workgroup_size(64)
fn class_hits(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.partials) { return; }
  let end = min((index + 1u) * params.chunk, params.rows);
  var hit = 0.0;
  var count = 0.0;
  for (var row = index * params.chunk; row < end; row++) {
    let label = expected[row];
    if (label == params.ignored) { continue; }
    count += 1.0;
    if (!isIndex(label, params.classes)) {
      hit = notANumber();
      continue;
    }
    let start = row / params.inners * params.classes * params.inners + row % params.inners;
    var best = scores[start];
    var at = 0u;
    var broken = isNotANumber(best);
    for (var c = 1u; c < params.classes; c++) {
      let score = scores[start + c * params.inners];
      broken = broken || isNotANumber(score);
      if (score > best) {
        best = score;
        at = c;
      }
    }
    if (!broken && at == u32(label)) { hit += 1.0; }
  }
  hits[index] = hit;
  counts[index] = count;
}
