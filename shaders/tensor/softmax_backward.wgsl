// softmax_backward: gradient of softmax, or of its logarithm, along one axis, from its result y.
//
//   gradX[s] = y[s]·(gradY[s] - Σ_t gradY[t]·y[t])     or with log = 1     gradX[s] = gradY[s] - exp(y[s])·Σ_t gradY[t]
//
// for every outer and inner index.
//
// grid        x (and y, past the limit): outer·inner / 64
// invocation  one outer and inner index: the whole axis, summed in runs of 32 terms
// y, gradY    read        [outer][size][inner]
// gradX       read_write  [outer][size][inner]
// params
//   outer, size, inner  sizes: of all dimensions before the axis, of the axis, of all after it
//   log                 1: y is the logarithm
// uses: lib/not_a_number (isNotANumber, notANumber), lib/exp_log (safeExp)

const RUN = 32u;

struct Params { outer: u32, size: u32, inner: u32, log: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> gradY: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradX: array<f32>;

@compute @workgroup_size(64)
fn softmax_backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.outer * params.inner) { return; }
  let start = (index / params.inner) * params.size * params.inner + index % params.inner;
  let isLog = params.log != 0u;
  var total = 0.0;
  for (var first = 0u; first < params.size; first += RUN) {
    var sum = 0.0;
    for (var s = first; s < min(first + RUN, params.size); s++) {
      let at = start + s * params.inner;
      sum += select(gradY[at] * y[at], gradY[at], isLog);
    }
    total += sum;
  }
  for (var s = 0u; s < params.size; s++) {
    let at = start + s * params.inner;
    if (isLog) { gradX[at] = gradY[at] - safeExp(y[at]) * total; } else { gradX[at] = y[at] * (gradY[at] - total); }
  }
}
