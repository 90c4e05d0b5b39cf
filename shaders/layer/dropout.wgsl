// dropout: zeroes elements at random and scales the rest; forward on values, backward on gradients with the same bits.
//
//   y[i] = (random[i] < keepBelow ? scale : 0) · x[i]        i < size
//
// random[4q .. 4q + 3] are the four words of Philox with counter (q, 0, run, 0) and key (seed, stream). They differ between runs
// and layers. The backward pass draws them again, so no mask is stored.
//
// grid        x (and y, past the limit): size / (64·4)
// invocation  4 neighbouring elements, which take the four words of one counter
// x           read        [size]
// y           read_write  [size]
// params
//   size              elements
//   seed, stream      seed of the compiled step; number of this op among the step's random ops
//   run               number of the step's run
//   keepBelow, scale  (1 - p)·2^32 and 1 / (1 - p); both are 0 for p = 1
// uses: lib/random (philox)

struct Params { size: u32, seed: u32, stream: u32, run: u32, keepBelow: u32, scale: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn dropout(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let quad = id.x + id.y * groups.x * 64u;
  let first = quad * 4u;
  if (first >= params.size) { return; }
  let random = philox(vec4u(quad, 0u, params.run, 0u), vec2u(params.seed, params.stream));
  for (var i = 0u; i < min(4u, params.size - first); i++) {
    y[first + i] = select(0.0, params.scale, random[i] < params.keepBelow) * x[first + i];
  }
}
