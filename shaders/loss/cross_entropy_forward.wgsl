// cross_entropy_forward: softmax cross-entropy, or negative log-likelihood, of each row, and its gradient in the same pass.
//
//   loss[r] = factor · -Σ_c a[c]·logp[c]          logp = scores - log Σ exp(scores), or scores if they are normalized
//   grad    = factor · (softmax(scores)·Σa - a)   for the scores; -factor·a if they are normalized
//
// over the row's classes c. If the target is probabilities y: a[c] = weight[c] · ((1 - smoothing)·y[c] + smoothing / classes).
// If it is a class index t: a[c] = (1 - smoothing)·weight[t]·(c = t) + smoothing / classes · weight[c].
//
// Row r is (outer, inner), with scores[outer][·][inner]. factor is scale, or 1/total if averaged (NaN for a total of 0, as
// PyTorch's mean of nothing). An ignored row has loss and gradient 0. A row with an invalid target has NaN.
//
// grid        x (and y, past the limit): rows / 64
// invocation  one row: its loss, and the gradient of all its classes
// scores      read        [outer][classes][inner]
// expected    read        [rows], or [outer][classes][inner] for probabilities
// weight      read        [classes]; only read if weighted = 1; otherwise 1
// total       read        [1]; only read if averaged = 1
// loss        read_write  [rows]; not written if gradient is TARGET
// grad        read_write  [outer][classes][inner]; not written if gradient is NONE
// params
//   rows, classes, inner  rows; classes; rows with the same outer index
//   probabilities         1: expected holds probabilities in place of class indices
//   normalized            1: scores are log-probabilities
//   weighted, averaged    whether weight and total are read
//   gradient              what grad gets: NONE, 1 for the gradient of the scores, TARGET for that of expected probabilities
//   ignored               class index of the rows that do not count
//   smoothing             share of the target that is spread over all classes
//   scale                 factor if not averaged
// uses: lib/row_index (isIndex), lib/not_a_number (isNotANumber, notANumber), lib/finite (isFinite), lib/exp_log (safeExp),
//   lib/log1p (log1p)

// Values of gradient; 1 is that of the scores, TARGET that of expected probabilities.
const NONE = 0u; const TARGET = 2u;

struct Params {
  rows: u32, classes: u32, inner: u32,
  probabilities: u32, normalized: u32, weighted: u32, averaged: u32, gradient: u32,
  ignored: f32, smoothing: f32, scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> scores: array<f32>;
@group(0) @binding(2) var<storage, read> expected: array<f32>;
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read> total: array<f32>;
@group(0) @binding(5) var<storage, read_write> loss: array<f32>;
@group(0) @binding(6) var<storage, read_write> grad: array<f32>;

fn weightOf(c: u32) -> f32 {
  if (params.weighted == 0u) { return 1.0; }
  return weight[c];
}

// a[c] of the row that starts at `start` and has class `hit`.
fn share(c: u32, hit: u32, start: u32) -> f32 {
  let spread = params.smoothing / f32(params.classes);
  let kept = 1.0 - params.smoothing;
  if (params.probabilities != 0u) {
    return weightOf(c) * (kept * expected[start + c * params.inner] + spread);
  }
  if (c == hit) { return (kept + spread) * weightOf(c); }
  if (params.smoothing == 0.0) { return 0.0; }
  return spread * weightOf(c);
}

@compute @workgroup_size(64)
fn cross_entropy_forward(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let row = id.x + id.y * groups.x * 64u;
  if (row >= params.rows) { return; }
  let start = (row / params.inner) * params.classes * params.inner + row % params.inner;
  let end = start + params.classes * params.inner;

  var hit = 0u;
  var factor = params.scale;
  if (params.averaged != 0u) { factor = select(1.0 / total[0], notANumber(), total[0] == 0.0); }
  if (params.probabilities == 0u) {
    let value = expected[row];
    let ignored = value == params.ignored;
    if (ignored || !isIndex(value, params.classes)) {
      let nothing = select(notANumber(), 0.0, ignored);
      // 0, or NaN for a mean of nothing.
      loss[row] = nothing * select(factor, 1.0, params.averaged == 0u);
      if (params.gradient != NONE) {
        for (var at = start; at < end; at += params.inner) { grad[at] = nothing; }
      }
      return;
    }
    hit = u32(value);
  }

  // logp = scores - largest - logSum
  var largest = 0.0;
  var logSum = 0.0;
  var others = 0.0;
  if (params.normalized == 0u) {
    var top = start;
    for (var at = start; at < end; at += params.inner) {
      if (scores[at] > scores[top]) { top = at; }
    }
    largest = scores[top];
    // Where the largest is infinite, so is its distance to itself undefined.
    if (!isFinite(largest)) { others = notANumber(); }
    for (var at = start; at < end; at += params.inner) {
      if (at != top) { others += safeExp(scores[at] - largest); }
    }
    logSum = log1p(others);
  }

  let isIndexOnly = params.probabilities == 0u && params.smoothing == 0.0;
  var sum = 0.0;
  var shares = 0.0;
  for (var c = 0u; c < params.classes; c++) {
    let a = share(c, hit, start);
    shares += a;
    // As PyTorch: of a class index only its own score counts.
    if (c == hit || !isIndexOnly) { sum += a * (scores[start + c * params.inner] - largest - logSum); }
  }
  if (params.gradient == TARGET) {
    for (var c = 0u; c < params.classes; c++) {
      let at = start + c * params.inner;
      let logp = scores[at] - largest - logSum;
      grad[at] = -factor * weightOf(c) * (1.0 - params.smoothing) * logp;
    }
    return;
  }
  loss[row] = -factor * sum;
  if (params.gradient == NONE) { return; }
  for (var c = 0u; c < params.classes; c++) {
    let at = start + c * params.inner;
    var p = 0.0;
    if (params.normalized == 0u) { p = safeExp(scores[at] - largest) / (1.0 + others); }
    grad[at] = factor * (p * shares - share(c, hit, start));
  }
}
