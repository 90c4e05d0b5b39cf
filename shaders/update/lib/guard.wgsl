// Whether this step's update goes ahead: every one of the gradient norms that guard it is finite.
fn mayUpdate() -> bool {
  for (var i = 0u; i < params.guards; i++) {
    if (!isFinite(guard[i])) { return false; }
  }
  return true;
}
