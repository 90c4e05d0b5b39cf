// ctc_gradient: the gradient of ctc_forward's loss for the log-probabilities.
//
//   gradX[t][n][c] = (exp(p) - exp(logSum of passing[t][s] over the states s of class c - p) / total)·gradLoss[n]     p = logProbs[t][n][c]
//   total = Σ exp(passing[t][s] - logProbs[t][n][class of s]) over all states: all alignments pass one of them
//
// As in PyTorch it takes for granted that the probabilities come from a log-softmax, whose gradient the first term completes. It is 0 past an
// item's end, and if zeroInfinity = 1 for a likelihood of ∞.
//
// grid        x (and y, past the limit): steps·batch·classes / 64
// invocation  one element
// logProbs       read        [steps][batch][classes]
// targets        read        [batch][targetSize], float32 integers
// inputLengths   read        [batch], float32 integers
// targetLengths  read        [batch], float32 integers
// passing        read        [batch][steps][2·targetSize + 1]
// likelihood     read        [batch]
// gradLoss       read        [batch]
// gradX          read_write  [steps][batch][classes]
// params
//   batch, steps, classes, targetSize  sizes
//   blank, zeroInfinity                class of the blank; as above
// uses: loss/lib/ctc_states (classOf, isSound, minusInfinity), lib/row_index (isIndex), lib/exp_log (safeExp, safeLog),
//   lib/finite (isFinite), lib/not_a_number (isNotANumber, notANumber)

struct Params { batch: u32, steps: u32, classes: u32, targetSize: u32, blank: u32, zeroInfinity: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logProbs: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<f32>;
@group(0) @binding(3) var<storage, read> inputLengths: array<f32>;
@group(0) @binding(4) var<storage, read> targetLengths: array<f32>;
@group(0) @binding(5) var<storage, read> passing: array<f32>;
@group(0) @binding(6) var<storage, read> likelihood: array<f32>;
@group(0) @binding(7) var<storage, read> gradLoss: array<f32>;
@group(0) @binding(8) var<storage, read_write> gradX: array<f32>;

// How likely an alignment passes a state; -∞ if none does.
fn reached(row: u32, start: u32, item: u32, state: u32) -> f32 {
  let value = passing[row + state];
  if (bitcast<u32>(value) == 0xff800000u) { return value; }
  return value - logProbs[start + classOf(item, state)];
}

@compute @workgroup_size(64)
fn ctc_gradient(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.steps * params.batch * params.classes) { return; }
  let own = index % params.classes;
  let item = index / params.classes % params.batch;
  let t = index / params.classes / params.batch;
  if (!isSound(item)) {
    gradX[index] = notANumber();
    return;
  }
  let lost = likelihood[item];
  let isInfinite = bitcast<u32>(lost) == 0x7f800000u;
  if (t >= u32(inputLengths[item]) || (params.zeroInfinity != 0u && isInfinite)) {
    gradX[index] = 0.0;
    return;
  }
  let states = 2u * u32(targetLengths[item]) + 1u;
  let row = (item * params.steps + t) * (2u * params.targetSize + 1u);
  let start = (t * params.batch + item) * params.classes;
  var most = minusInfinity();
  for (var s = 0u; s < states; s++) { most = max(most, passing[row + s]); }
  let shift = select(0.0, most, isFinite(most));
  var mostOfAll = minusInfinity();
  for (var s = 0u; s < states; s++) { mostOfAll = max(mostOfAll, reached(row, start, item, s)); }
  let shiftOfAll = select(0.0, mostOfAll, isFinite(mostOfAll));
  var sum = 0.0;
  var total = 0.0;
  for (var s = 0u; s < states; s++) {
    total += safeExp(reached(row, start, item, s) - shiftOfAll);
    if (classOf(item, s) == own) { sum += safeExp(passing[row + s] - shift); }
  }
  let p = logProbs[index];
  let share = safeExp(safeLog(sum) + shift - p - safeLog(total) - shiftOfAll);
  gradX[index] = (safeExp(p) - share) * gradLoss[item];
}
