// transpose_weight: W' with its two units exchanged, for the backward kernels of version `sequence`, whose neighbouring invocations have
// neighbouring units k.
//
//   transposed[j][k] = weight[k][j]
//
// grid        x (and y, past the limit): hidden² / 64
// workgroup   64 consecutive elements of [hidden][hidden]
// invocation  all slots of one element
// weight      read        [hidden][hidden][slots]
// transposed  read_write  [hidden][hidden][slots]
// params
//   hidden, slots  units of the layer, and floats of a unit's gates

struct Params { hidden: u32, slots: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read_write> transposed: array<f32>;

@compute @workgroup_size(64)
fn transpose_weight(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.hidden * params.hidden) { return; }
  let source = at % params.hidden * params.hidden + at / params.hidden;
  for (var s = 0u; s < params.slots; s++) { transposed[at * params.slots + s] = weight[source * params.slots + s]; }
}
