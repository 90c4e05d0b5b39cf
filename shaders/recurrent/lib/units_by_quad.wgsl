// Units of the sequence kernels where one has a single slot (Elman RNN): a quad is four units, a subgroup has 32, and lane l goes on with
// quads l and l + 4 of them. Rows need not begin at multiples of four, so a quad is read value by value.
// Past the last unit that one's values are computed and kept from storing. Uses the bindings weight and params.hidden.

alias Units = vec4u;
alias Owned = vec4<bool>;
// A value for each of a quad's units.
alias Values = vec4f;

fn quadUnits(quad: u32) -> vec4u { return 4u * quad + vec4u(0u, 1u, 2u, 3u); }
fn unitsOf(quad: u32) -> vec4u { return min(quadUnits(quad), vec4u(params.hidden - 1u)); }
fn ownedOf(quad: u32) -> vec4<bool> { return quadUnits(quad) < vec4u(params.hidden); }

// The weights from unit k to a quad; zero past the last unit.
fn quadB(k: u32, quad: u32) -> vec4f {
  let at = k * params.hidden + unitsOf(quad);
  return select(vec4f(), vec4f(weight[at.x], weight[at.y], weight[at.z], weight[at.w]), ownedOf(quad));
}
