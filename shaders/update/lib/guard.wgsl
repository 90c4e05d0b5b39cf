// Whether this step's update happens: all gradient norms that guard it are finite. Reads the binding guard, and params.guards.
// uses: lib/finite (isFinite)
fn mayUpdate() -> bool {
  for (var i = 0u; i < params.guards; i++) {
    if (!isFinite(guard[i])) { return false; }
  }
  return true;
}
