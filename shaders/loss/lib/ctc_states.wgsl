// The states of an item's target in CTC: a blank, its first label, a blank, its second label, …, a blank. Reads targets, inputLengths, targetLengths and
// params.
// uses: lib/row_index (isIndex), lib/exp_log (safeExp, safeLog), lib/finite (isFinite)

// What cannot be: the class of no label.
const NO_CLASS = 0xffffffffu;

fn minusInfinity() -> f32 {
  let bits = 0xff800000u;
  return bitcast<f32>(bits);
}

fn classOf(item: u32, state: u32) -> u32 {
  if (state % 2u == 0u) { return params.blank; }
  let label = targets[item * params.targetSize + state / 2u];
  return select(NO_CLASS, u32(label), isIndex(label, params.classes));
}

// Whether the lengths and all labels within them are what they must be.
fn isSound(item: u32) -> bool {
  if (!isIndex(inputLengths[item], params.steps + 1u) || !isIndex(targetLengths[item], params.targetSize + 1u)) { return false; }
  let states = 2u * u32(targetLengths[item]) + 1u;
  for (var s = 1u; s < states; s += 2u) {
    if (classOf(item, s) == NO_CLASS) { return false; }
  }
  return true;
}

// A row of log-probabilities is moved by its largest one every few steps, so that float32 resolves what is likely.
const MOVED = 4u;

var<workgroup> parts: array<f32, 64>;

// The largest of the invocations' values, for all of them; 0 if it is not finite.
fn largestOf(lane: u32, value: f32) -> f32 {
  parts[lane] = value;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half /= 2u) {
    if (lane < half) { parts[lane] = max(parts[lane], parts[lane + half]); }
    workgroupBarrier();
  }
  let largest = parts[0];
  workgroupBarrier();
  return select(0.0, largest, isFinite(largest));
}

// log(exp(a) + exp(b) + exp(c)); -∞ for none.
fn logSum(a: f32, b: f32, c: f32) -> f32 {
  let most = max(a, max(b, c));
  let shift = select(0.0, most, isFinite(most));
  return safeLog(safeExp(a - shift) + safeExp(b - shift) + safeExp(c - shift)) + shift;
}
