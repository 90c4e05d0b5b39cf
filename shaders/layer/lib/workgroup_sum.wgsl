// The sum of two values over the 64 invocations of a workgroup, for all of them, as a tree of fixed order.

var<workgroup> partSums: array<vec2f, 64>;

fn workgroupSum(lane: u32, value: vec2f) -> vec2f {
  partSums[lane] = value;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half /= 2u) {
    if (lane < half) { partSums[lane] += partSums[lane + half]; }
    workgroupBarrier();
  }
  let sum = partSums[0];
  workgroupBarrier();
  return sum;
}
