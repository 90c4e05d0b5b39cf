// halve: float32 values in half precision, two in a word.
//
//   halves[i] = values[i], rounded to the nearest float16; to the even one where two are as near
//
// From 65520 on a value is infinite, as in PyTorch's `half()`; infinities, NaN and the sign of zero stay. In integers, because pack2x16float
// may round in another way, and gives any bits for infinity and NaN.
//
// grid        x (and y, past the limit): ⌈count / 2⌉ / 64
// invocation  one word: two values
// values      read        [count], the bits of float32 values
// halves      read_write  [⌈count / 2⌉], the first of two in the lower bits; zero past the end
// params
//   count  number of values

struct Params { count: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> values: array<u32>;
@group(0) @binding(2) var<storage, read_write> halves: array<u32>;

const INFINITE = 0x7f800000u;
// The bits of 65520, halfway from the largest float16 to the next power of two; and of the smallest normal float16.
const TOO_LARGE = 0x477ff000u;
const NORMAL = 0x38800000u;

fn halfOf(bits: u32) -> u32 {
  let sign = (bits >> 16u) & 0x8000u;
  let size = bits & 0x7fffffffu;
  if (size > INFINITE) { return sign | 0x7e00u; }
  if (size >= TOO_LARGE) { return sign | 0x7c00u; }
  if (size >= NORMAL) { return sign | ((size + 0xfffu + ((size >> 13u) & 1u) - 0x38000000u) >> 13u); }
  // Below the normal ones the unit is 2⁻²⁴: what is left of the significand after the shift counts it.
  let exponent = size >> 23u;
  if (exponent < 102u) { return sign; }
  let significand = (size & 0x7fffffu) | 0x800000u;
  let shift = 126u - exponent;
  let units = significand >> shift;
  let rest = significand & ((1u << shift) - 1u);
  let middle = 1u << (shift - 1u);
  return sign | (units + select(0u, 1u, rest > middle || (rest == middle && (units & 1u) == 1u)));
}

@compute @workgroup_size(64)
fn halve(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let word = id.x + id.y * groups.x * 64u;
  let at = 2u * word;
  if (at >= params.count) { return; }
  let low = halfOf(values[at]);
  let high = select(0u, halfOf(values[min(at + 1u, params.count - 1u)]), at + 1u < params.count);
  halves[word] = low | (high << 16u);
}
