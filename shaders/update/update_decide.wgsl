// update_decide: decides whether a step's update happens, and with which scalars. A step that is left out is not counted, so the scalars
// depend on how many were: the host writes a table of them, by the steps that have been counted.
//
//   outcome = the mark of finite_check, which is cleared: a NaN in outcome[0] if the update is left out
//   chosen[d] = table[taken mod rows][d]       d < dispatches: the uniform struct of the update's d-th dispatch
//   taken = taken + 1, unless the update is left out
//
// grid        1
// workgroup   all dispatches
// invocation  one word of every struct; then the first one counts
// table       read        [rows][dispatches][64]
// mark        read_write  [2]
// outcome     read_write  [2]
// chosen      read_write  [dispatches][64]
// taken       read_write  [1]
// params
//   rows, dispatches  rows of the table; dispatches of the update

struct Params { rows: u32, dispatches: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> table: array<u32>;
@group(0) @binding(2) var<storage, read_write> mark: array<u32>;
@group(0) @binding(3) var<storage, read_write> outcome: array<u32>;
@group(0) @binding(4) var<storage, read_write> chosen: array<u32>;
@group(0) @binding(5) var<storage, read_write> taken: array<u32>;

@compute @workgroup_size(64)
fn update_decide(@builtin(local_invocation_index) word: u32) {
  let row = taken[0] % params.rows;
  for (var d = 0u; d < params.dispatches; d++) {
    chosen[d * 64u + word] = table[(row * params.dispatches + d) * 64u + word];
  }
  storageBarrier();
  if (word != 0u) { return; }
  outcome[0] = mark[0];
  outcome[1] = mark[1];
  if (mark[0] == 0u) { taken[0] += 1u; }
  mark[0] = 0u;
  mark[1] = 0u;
}
