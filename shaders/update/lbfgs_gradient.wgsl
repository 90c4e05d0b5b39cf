// lbfgs_gradient: what LBFGS takes of an evaluation, over a range of the flat parameter buffer in one dispatch.
//
//   g = sign·factor·gradient
//
// If any guard is not finite, nothing changes.
//
// grid      x (and y, past the limit): size / 64
// gradient  read        [offset + size]
// guard     read        [guards]; only read if guards > 0
// factor    read        [1]; only read if clipped = 1; otherwise 1
// flat      read_write  [offset + size]: g
// params
//   offset, size  the range, in elements
//   guards        gradient norms in guard
//   clipped       whether factor is read
//   sign          -1 to maximize, else 1
//   weightDecay   0; LBFGS has none
// uses: lib/finite (isFinite), update/lib/guard (mayUpdate), update/lib/decayed_gradient (decayedGradient)

struct Params { offset: u32, size: u32, guards: u32, clipped: u32, sign: f32, weightDecay: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradient: array<f32>;
@group(0) @binding(2) var<storage, read> guard: array<f32>;
@group(0) @binding(3) var<storage, read> factor: array<f32>;
@group(0) @binding(4) var<storage, read_write> flat: array<f32>;

@compute @workgroup_size(64)
fn lbfgs_gradient(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= params.size || !mayUpdate()) { return; }
  let at = params.offset + index;
  flat[at] = decayedGradient(at, 0.0);
}
