// The places of a convolution, four at a time. Bindings and params are those that conv1d_product and conv1d_split have in common.

// Where each of four places reads x: elements of channel c = 0, and whether they are inside.
struct Reads { at: vec4u, inside: vec4<bool> }

fn readsOf(start: vec4u, place: vec4i) -> Reads {
  let divisor = i32(params.divisor);
  let whole = place / divisor;
  let inside = (place >= vec4i()) & (whole * divisor == place) & (whole < vec4i(i32(params.inLength)));
  return Reads(start + select(vec4u(), vec4u(whole), inside), inside);
}

fn valuesOf(reads: Reads, offset: u32) -> vec4f {
  let at = reads.at + offset;
  return select(vec4f(), vec4f(x[at.x], x[at.y], x[at.z], x[at.w]), reads.inside);
}

// Stores the elements of four places of one row.
fn storeFour(g: u32, row: u32, places: vec4u, sum: vec4f) {
  if (row >= params.rows) { return; }
  let channel = g * params.rows + row;
  var value = sum;
  if (params.hasBias != 0u) { value += bias[channel]; }
  for (var i = 0u; i < 4u; i++) {
    let place = places[i];
    if (place < params.batch * params.outLength) {
      let n = place / params.outLength;
      y[(n * params.groups * params.rows + channel) * params.outLength + place % params.outLength] = value[i];
    }
  }
}
