// Columns of a product in quads, four neighbours each. Bindings and params are those that gemm_lanes4 and conv1d_lanes4 have in common.

// A constant, not a branch: SwiftShader executes both sides of a branch.
const READS_C = 1u;

// A quad's columns, clamped to the last one.
fn columnsOf(quad: u32) -> vec4u { return min(4u * quad + vec4u(0u, 1u, 2u, 3u), vec4u(params.columns - 1u)); }

// The biases of a quad; column 0 has the one at `first`.
fn quadBias(first: u32, quad: u32) -> vec4f {
  let column = first + columnsOf(quad);
  return select(vec4f(), vec4f(bias[column.x], bias[column.y], bias[column.z], bias[column.w]), params.hasBias != 0u);
}

// Stores a quad of a row of C, or adds to what is there. Columns beyond the last one are that column, in B too, and have its value: so a
// single branch is enough.
fn store(at: vec4u, quad: u32, sum: vec4f, adds: bool) {
  var value = sum;
  if (READS_C != 0u) { value += select(vec4f(), vec4f(c[at.x], c[at.y], c[at.z], c[at.w]), adds); }
  if (4u * quad < params.columns) {
    c[at.x] = value.x;
    c[at.y] = value.y;
    c[at.z] = value.z;
    c[at.w] = value.w;
  }
}
