// multinomial: classes drawn with probabilities in the ratio of weights.
//
//   y[r][g·picks + k] = the class c of the k-th largest weights[r][c] / e[c], where e are exponential random numbers
//
// for r < rows, g < draws, k < picks: a race of the classes, each at the speed of its weight. The first is drawn by the weights, the second
// by those of the others, and so on. Several draws with one pick each draw with replacement, one with several picks without. NaN where the
// weights are no such ratio (negative, infinite, NaN or all 0), or no class with a weight is left.
//
// e[4q .. 4q + 3] = -log(1 - u) of the four words of Philox with counter (q, r·draws + g, run, 0) and key (seed, stream), u = word / 2^32.
//
// grid        x (and y, past the limit): rows·draws / 64
// invocation  one draw
// weights     read        [rows][classes]
// y           read_write  [rows][draws·picks]
// params
//   rows, classes, draws, picks  sizes
//   seed, stream                 seed of the compiled step; number of this op among the step's random ops
//   run                          number of the step's run
//   invalid                      NaN
// uses: lib/random (philox), lib/log1p (log1p)

struct Params {
  rows: u32, classes: u32, draws: u32, picks: u32, seed: u32, stream: u32, run: u32, invalid: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

// An exponential random number: -log(1 - u) = log(1 + u / (1 - u)), with the 24 upper bits and half of the next for u.
fn exponential(word: u32) -> f32 {
  let u = (f32(word >> 8u) + 0.5) / 16777216.0;
  return log1p(u / (1.0 - u));
}

@compute @workgroup_size(64)
fn multinomial(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.rows * params.draws) { return; }
  let start = index / params.draws * params.classes;
  var isValid = true;
  var last = 0u;
  var lastSpeed = 0.0;
  for (var k = 0u; k < params.picks; k++) {
    var best = params.classes;
    var bestSpeed = 0.0;
    var words: vec4u;
    for (var c = 0u; c < params.classes; c++) {
      if (c % 4u == 0u) {
        words = philox(vec4u(c / 4u, index, params.run, 0u), vec2u(params.seed, params.stream));
      }
      let weight = weights[start + c];
      // From 0, or -0, to the largest finite number, by the bits.
      let bits = bitcast<u32>(weight);
      isValid = isValid && (bits < 0x7f800000u || bits == 0x80000000u);
      let speed = weight / exponential(words[c % 4u]);
      let isLeft = k == 0u || speed < lastSpeed || (speed == lastSpeed && c > last);
      if (isLeft && speed > bestSpeed) {
        best = c;
        bestSpeed = speed;
      }
    }
    y[index * params.picks + k] = select(params.invalid, f32(best), isValid && best < params.classes);
    last = best;
    lastSpeed = bestSpeed;
  }
}
