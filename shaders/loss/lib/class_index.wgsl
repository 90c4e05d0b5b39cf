// Whether a float32 value is the index of one of `classes` classes; false for NaN.
fn isClass(value: f32, classes: u32) -> bool {
  return value >= 0.0 && value < f32(classes) && floor(value) == value;
}
