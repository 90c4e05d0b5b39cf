// The windows of average_pool: where they begin and end, and what their sums are divided by. Reads params.

struct Window { first: u32, end: u32, divisor: f32 }

fn windowOf(o: u32) -> Window {
  if (params.adaptive != 0u) {
    let first = o * params.length / params.outLength;
    let end = ((o + 1u) * params.length + params.outLength - 1u) / params.outLength;
    return Window(first, end, f32(end - first));
  }
  // In places of the padded row.
  let start = o * params.stride;
  let stop = min(start + params.taps, params.length + params.padding + params.after);
  let first = max(start, params.padding) - params.padding;
  let end = min(max(stop, params.padding) - params.padding, params.length);
  let inside = f32(max(end, first) - first);
  return Window(first, end, select(inside, f32(stop - start), params.countsPadding != 0u));
}
