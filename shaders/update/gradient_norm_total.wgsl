// gradient_norm_total: second stage: the norm and the factor that clips gradients to maxNorm, as torch.nn.utils.clip_grad_norm_.
//
//   norm = (Σ partial[i])^(1/power)              the largest partial if infinite
//   factor = min(1, maxNorm / (norm + 1e-6))     1 if unlimited; NaN if the norm is
//
// The order of the sum is fixed.
//
// grid        1
// workgroup   all partials
// invocation  a 64th of the partials, in a run; then the first invocation sums the 64 results
// partial     read        [size]
// norm        read_write  [1]
// factor      read_write  [1]
// guard       read_write  [slot + 1]: guard[slot] = norm; only written if guarded = 1
// params
//   size           partials
//   infinite       1: the norm is the largest partial
//   power          power of the norm if it is not infinite
//   unlimited      1: nothing is clipped
//   maxNorm        largest norm that stays, if not unlimited
//   guarded, slot  whether guard is written, and which element
// uses: lib/finite (isFinite)

struct Params { size: u32, infinite: u32, power: f32, unlimited: u32, maxNorm: f32, guarded: u32, slot: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read_write> norm: array<f32>;
@group(0) @binding(3) var<storage, read_write> factor: array<f32>;
@group(0) @binding(4) var<storage, read_write> guard: array<f32>;

var<workgroup> gathered: array<f32, 64>;

fn gather(a: f32, b: f32) -> f32 {
  if (params.infinite != 0u) { return bitcast<f32>(max(bitcast<u32>(a), bitcast<u32>(b))); }
  return a + b;
}

fn root(sum: f32) -> f32 {
  if (params.infinite != 0u || params.power == 1.0 || sum == 0.0 || !isFinite(sum)) { return sum; }
  if (params.power == 2.0) { return sqrt(sum); }
  return pow(sum, 1.0 / params.power);
}

@compute @workgroup_size(64)
fn gradient_norm_total(@builtin(local_invocation_index) index: u32) {
  let run = (params.size + 63u) / 64u;
  var sum = 0.0;
  for (var i = index * run; i < min((index + 1u) * run, params.size); i++) { sum = gather(sum, partial[i]); }
  gathered[index] = sum;
  workgroupBarrier();
  if (index != 0u) { return; }
  var total = 0.0;
  for (var i = 0u; i < 64u; i++) { total = gather(total, gathered[i]); }
  total = root(total);
  norm[0] = total;
  if (params.guarded != 0u) { guard[params.slot] = total; }
  var clip = 1.0;
  if (!isFinite(total)) {
    // x / ∞ is 0; a NaN stays NaN.
    clip = total;
    if (bitcast<u32>(total) == 0x7f800000u) { clip = 0.0; }
  } else if (params.unlimited == 0u) {
    clip = min(1.0, params.maxNorm / (total + 1e-6));
  }
  factor[0] = clip;
}
