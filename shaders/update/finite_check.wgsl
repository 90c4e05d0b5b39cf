// finite_check: marks a slot if one of some values, or a scalar, is NaN or infinite.
//
//   mark[2·slot]     = a NaN               if value[offset + i] or scalar[0] is not finite, i < size; its lowest bits say what was seen:
//                      1 for a NaN, 2 for an infinity
//   mark[2·slot + 1] = max FIRST - (first + i)    over the values that are not finite
//
// A mark stays until it is cleared. FIRST - mark[2·slot + 1] is the number of the first such value, and 0 stands for none. FIRST has the bits
// of the largest finite f32, so the host can read both words as f32. Read as f32, mark[2·slot] guards the update kernels.
//
// grid        x (and y, past the limit): size / 512, at least 1
// invocation  every 64·grid-th value, from its own on
// value       read        [offset + size]; not read if size = 0
// scalar      read        [1]; only read if hasScalar = 1
// mark        read_write  [2·slot + 2]
// params
//   offset, size  range of value, in elements
//   first         number of the range's first value
//   slot          the slot to mark
//   hasScalar     whether the scalar is checked too
// uses: lib/finite (isFinite)

struct Params { offset: u32, size: u32, first: u32, slot: u32, hasScalar: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> value: array<f32>;
@group(0) @binding(2) var<storage, read> scalar: array<f32>;
@group(0) @binding(3) var<storage, read_write> mark: array<atomic<u32>>;

const NAN_BITS = 0x7fc00000u;
const FIRST = 0x7f7fffffu;

// The bits to mark for a value that is not finite.
fn bitsFor(x: f32) -> u32 { return NAN_BITS | select(1u, 2u, (bitcast<u32>(x) & 0x007fffffu) == 0u); }

@compute @workgroup_size(64)
fn finite_check(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let start = id.x + id.y * groups.x * 64u;
  let stride = 64u * groups.x * groups.y;
  for (var i = start; i < params.size; i += stride) {
    let x = value[params.offset + i];
    if (!isFinite(x)) {
      atomicOr(&mark[2u * params.slot], bitsFor(x));
      atomicMax(&mark[2u * params.slot + 1u], FIRST - (params.first + i));
    }
  }
  if (start == 0u && params.hasScalar != 0u && !isFinite(scalar[0])) {
    atomicOr(&mark[2u * params.slot], bitsFor(scalar[0]));
  }
}
