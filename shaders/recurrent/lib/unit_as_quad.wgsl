// Units of the sequence kernels where one has four slots (LSTM, GRU): a quad is a unit, a subgroup has eight, and lane l goes on with units l
// and l + 4 of them.
// Lanes past the last unit compute that one's values and keep them to themselves. Uses the bindings weight and params.hidden.

alias Units = u32;
alias Owned = bool;
// A value for each of a quad's units.
alias Values = f32;

fn unitsOf(quad: u32) -> u32 { return min(quad, params.hidden - 1u); }
fn ownedOf(quad: u32) -> bool { return quad < params.hidden; }

// The weights from unit k to a quad; zero past the last unit.
fn quadB(k: u32, quad: u32) -> vec4f { return select(vec4f(), weight[k * params.hidden + unitsOf(quad)], ownedOf(quad)); }
