// softmax_forward: softmax, or its logarithm, along one axis.
//
//   y[s] = exp(x[s] - m) / Σ_t exp(x[t] - m)     or with log = 1     y[s] = x[s] - m - log Σ_t exp(x[t] - m)
//   m = max_t x[t], so that nothing overflows
//
// for every outer and inner index.
//
// grid        x (and y, past the limit): outer·inner / 64
// invocation  one outer and inner index: the whole axis, summed in runs of 32 terms
// x           read        [outer][size][inner]
// y           read_write  [outer][size][inner]; a different buffer from x
// params
//   outer, size, inner  sizes: of all dimensions before the axis, of the axis, of all after it
//   log                 1: the logarithm
// uses: lib/not_a_number (isNotANumber, notANumber), lib/exp_log (safeExp, safeLog)

const RUN = 32u;

struct Params { outer: u32, size: u32, inner: u32, log: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn softmax_forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.outer * params.inner) { return; }
  let start = (index / params.inner) * params.size * params.inner + index % params.inner;
  var largest = x[start];
  for (var s = 1u; s < params.size; s++) { largest = max(largest, x[start + s * params.inner]); }
  var total = 0.0;
  for (var first = 0u; first < params.size; first += RUN) {
    var sum = 0.0;
    for (var s = first; s < min(first + RUN, params.size); s++) {
      sum += safeExp(x[start + s * params.inner] - largest);
    }
    total += sum;
  }
  let logTotal = safeLog(total);
  for (var s = 0u; s < params.size; s++) {
    let at = start + s * params.inner;
    let shifted = x[at] - largest;
    if (params.log != 0u) { y[at] = shifted - logTotal; } else { y[at] = safeExp(shifted) / total; }
  }
}
