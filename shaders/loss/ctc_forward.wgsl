// ctc_forward: the negative log-likelihood of each item's labels, summed over all alignments, by the forward recursion in log space.
//
//   alpha[t][s] = logSum(alpha[t - 1][s], alpha[t - 1][s - 1], and alpha[t - 1][s - 2] where s is a label unlike the one before) + logProbs[t][class of s]
//   likelihood = -logSum(alpha[T - 1][2·S], alpha[T - 1][2·S - 1])       T, S: the item's own lengths
//
// Each row of alpha is stored less a number of its own, which the likelihood takes back: see lib/ctc_states.
//
// A length or a label that is not an index gives NaN. Without time steps the likelihood is 0 for no labels, else ∞.
//
// grid        x (and y, past the limit): batch
// workgroup   one item: its invocations take every 64th state of each step
// logProbs       read        [steps][batch][classes]
// targets        read        [batch][targetSize], float32 integers
// inputLengths   read        [batch], float32 integers
// targetLengths  read        [batch], float32 integers
// alpha          read_write  [batch][steps][2·targetSize + 1]
// likelihood     read_write  [batch]
// loss           read_write  [batch]; the likelihood, or 0 in place of ∞ if zeroInfinity = 1
// params
//   batch, steps, classes, targetSize  sizes
//   blank, zeroInfinity                class of the blank; as above
// uses: loss/lib/ctc_states (classOf, isSound, logSum, minusInfinity, largestOf, MOVED), lib/row_index (isIndex), lib/exp_log (safeExp, safeLog),
//   lib/finite (isFinite), lib/not_a_number (isNotANumber, notANumber)

struct Params { batch: u32, steps: u32, classes: u32, targetSize: u32, blank: u32, zeroInfinity: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logProbs: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<f32>;
@group(0) @binding(3) var<storage, read> inputLengths: array<f32>;
@group(0) @binding(4) var<storage, read> targetLengths: array<f32>;
@group(0) @binding(5) var<storage, read_write> alpha: array<f32>;
@group(0) @binding(6) var<storage, read_write> likelihood: array<f32>;
@group(0) @binding(7) var<storage, read_write> loss: array<f32>;

@compute @workgroup_size(64)
fn ctc_forward(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
               @builtin(local_invocation_index) lane: u32) {
  let item = group.x + group.y * groups.x;
  if (item >= params.batch) { return; }
  let sound = isSound(item);
  let length = select(0u, u32(inputLengths[item]), sound);
  let states = select(0u, 2u * u32(targetLengths[item]) + 1u, sound);
  let width = 2u * params.targetSize + 1u;
  let start = item * params.steps * width;
  var dropped = 0.0;
  var drop = 0.0;
  for (var t = 0u; t < params.steps; t++) {
    var most = minusInfinity();
    let row = start + t * width;
    if (t < length) {
      for (var s = lane; s < states; s += 64u) {
        let own = classOf(item, s);
        var before = select(minusInfinity(), 0.0, t == 0u && s < 2u);
        if (t > 0u) {
          let earlier = row - width;
          var second = minusInfinity();
          var third = minusInfinity();
          if (s > 0u) { second = alpha[earlier + s - 1u]; }
          if (s > 1u && classOf(item, s - 2u) != own) { third = alpha[earlier + s - 2u]; }
          before = logSum(alpha[earlier + s], second, third);
        }
        let value = before - drop + logProbs[(t * params.batch + item) * params.classes + own];
        alpha[row + s] = value;
        most = max(most, value);
      }
      dropped += drop;
    }
    storageBarrier();
    drop = 0.0;
    if (t % MOVED == MOVED - 1u) { drop = largestOf(lane, most); }
  }
  if (lane != 0u) { return; }
  var value = notANumber();
  if (sound && length == 0u) {
    value = select(-minusInfinity(), 0.0, states == 1u);
  } else if (sound) {
    let last = start + (length - 1u) * width + states - 1u;
    var label = minusInfinity();
    if (states > 1u) { label = alpha[last - 1u]; }
    value = -(logSum(alpha[last], label, minusInfinity()) + dropped);
  }
  likelihood[item] = value;
  let isInfinite = bitcast<u32>(value) == 0x7f800000u;
  loss[item] = select(value, 0.0, params.zeroInfinity != 0u && isInfinite);
}
