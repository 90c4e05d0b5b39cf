// Four sums over the four lanes of a subgroup: lane 0 gets the sum of a, lane 1 of b, lane 2 of c, lane 3 of d.

fn transposeSum(a: f32, b: f32, c: f32, d: f32, lane: u32) -> f32 {
  let odd = (lane & 1u) != 0u;
  let high = lane > 1u;
  let ab = select(a, b, odd) + quadSwapX(select(b, a, odd));
  let cd = select(c, d, odd) + quadSwapX(select(d, c, odd));
  return select(ab, cd, high) + quadSwapY(select(cd, ab, high));
}
