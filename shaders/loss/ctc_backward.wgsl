// ctc_backward: the recursion of ctc_forward from the end, and its product with alpha: how likely the item's alignments are that pass a state.
//
//   beta[t][s] = logSum(beta[t + 1][s], beta[t + 1][s + 1], and beta[t + 1][s + 2] where s is a label unlike the next) + logProbs[t][class of s]
//   passing[t][s] = alpha[t][s] + beta[t][s], less a number that is the same for all s of a step: see lib/ctc_states
//
// grid        x (and y, past the limit): batch
// workgroup   one item: its invocations take every 64th state of each step
// logProbs       read        [steps][batch][classes]
// targets        read        [batch][targetSize], float32 integers
// inputLengths   read        [batch], float32 integers
// targetLengths  read        [batch], float32 integers
// alpha          read        [batch][steps][2·targetSize + 1]
// beta           read_write  [batch][2][2·targetSize + 1]; of an even and an odd step
// passing        read_write  [batch][steps][2·targetSize + 1]
// params
//   batch, steps, classes, targetSize  sizes
//   blank                              class of the blank
// uses: loss/lib/ctc_states (classOf, isSound, logSum, minusInfinity, largestOf, MOVED), lib/row_index (isIndex), lib/exp_log (safeExp, safeLog),
//   lib/finite (isFinite), lib/not_a_number (isNotANumber, notANumber)

struct Params { batch: u32, steps: u32, classes: u32, targetSize: u32, blank: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logProbs: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<f32>;
@group(0) @binding(3) var<storage, read> inputLengths: array<f32>;
@group(0) @binding(4) var<storage, read> targetLengths: array<f32>;
@group(0) @binding(5) var<storage, read> alpha: array<f32>;
@group(0) @binding(6) var<storage, read_write> beta: array<f32>;
@group(0) @binding(7) var<storage, read_write> passing: array<f32>;

@compute @workgroup_size(64)
fn ctc_backward(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
                @builtin(local_invocation_index) lane: u32) {
  let item = group.x + group.y * groups.x;
  if (item >= params.batch) { return; }
  let sound = isSound(item);
  let length = select(0u, u32(inputLengths[item]), sound);
  let states = select(0u, 2u * u32(targetLengths[item]) + 1u, sound);
  let width = 2u * params.targetSize + 1u;
  var drop = 0.0;
  for (var step = 0u; step < params.steps; step++) {
    let t = params.steps - 1u - step;
    var most = minusInfinity();
    if (t < length) {
      let own = (2u * item + t % 2u) * width;
      let later = (2u * item + (t + 1u) % 2u) * width;
      for (var s = lane; s < states; s += 64u) {
        let label = classOf(item, s);
        var after = select(minusInfinity(), 0.0, t == length - 1u && s + 2u >= states);
        if (t + 1u < length) {
          var second = minusInfinity();
          var third = minusInfinity();
          if (s + 1u < states) { second = beta[later + s + 1u]; }
          if (s + 2u < states && classOf(item, s + 2u) != label) { third = beta[later + s + 2u]; }
          after = logSum(beta[later + s], second, third);
        }
        let value = after - drop + logProbs[(t * params.batch + item) * params.classes + label];
        beta[own + s] = value;
        most = max(most, value);
        passing[(item * params.steps + t) * width + s] = alpha[(item * params.steps + t) * width + s] + value;
      }
    }
    storageBarrier();
    drop = 0.0;
    if (t % MOVED == 0u) { drop = largestOf(lane, most); }
  }
}
