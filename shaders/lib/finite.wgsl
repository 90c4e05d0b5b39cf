// Whether a value is neither NaN nor infinite, by its bits: compilers may assume that arithmetic meets neither.
fn isFinite(x: f32) -> bool { return (bitcast<i32>(x) & 0x7f800000) != 0x7f800000; }
