// Sum and largest magnitude over the 64 invocations of a workgroup, in a fixed order; every invocation gets the result. Magnitudes are
// compared as bits, so that NaN is the largest.
var<workgroup> lanes: array<u32, 64>;

fn workgroupSum(x: f32, lane: u32) -> f32 {
  lanes[lane] = bitcast<u32>(x);
  workgroupBarrier();
  for (var stride = 32u; stride > 0u; stride >>= 1u) {
    if (lane < stride) {
      lanes[lane] = bitcast<u32>(bitcast<f32>(lanes[lane]) + bitcast<f32>(lanes[lane + stride]));
    }
    workgroupBarrier();
  }
  let sum = bitcast<f32>(lanes[0]);
  workgroupBarrier();
  return sum;
}

fn workgroupLargest(magnitude: u32, lane: u32) -> u32 {
  lanes[lane] = magnitude;
  workgroupBarrier();
  for (var stride = 32u; stride > 0u; stride >>= 1u) {
    if (lane < stride) { lanes[lane] = max(lanes[lane], lanes[lane + stride]); }
    workgroupBarrier();
  }
  let largest = lanes[0];
  workgroupBarrier();
  return largest;
}
