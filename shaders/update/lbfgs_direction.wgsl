// lbfgs_direction: one step of the two-loop recursion of L-BFGS (Nocedal, 1980), over a range of the flat parameter buffer.
//
//   stage 0   d = -scale·a                              a: the gradient
//   stage 1   x = ro·Σ partialIn,  alpha[index] = x     the first loop, from the newest pair to the oldest
//             d = scale·(d - x·a)                       a: y of the pair
//   stage 2   x = ro·Σ partialIn                        the second loop, from the oldest pair to the newest
//             d = d + (alpha[index] - x)·a              a: s of the pair
//   each      partialOut = sums of d·b                  b: what the next stage needs the product with
//
// Each workgroup adds up all of partialIn, in the same order, and every so many elements of the range.
//
// grid        x: groups
// partialIn   read        [partials]; not read in stage 0
// a, b        read        [offset + size]
// partialOut  read_write  [first + groups]
// alpha       read_write  [index + 1]: written in stage 1, read in stage 2
// d           read_write  [offset + size]
// params
//   offset, size   the range, in elements
//   first, groups  first workgroup in partialOut; workgroups
//   partials       values in partialIn
//   stage, index   see above; number of the pair
//   ro, scale      1 / (y·s) of the pair; the initial inverse Hessian where it is due, else 1
// uses: update/lib/workgroup_fold (workgroupSum)

struct Params {
  offset: u32, size: u32, first: u32, groups: u32, partials: u32, stage: u32, index: u32, ro: f32, scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partialIn: array<f32>;
@group(0) @binding(2) var<storage, read> a: array<f32>;
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read_write> partialOut: array<f32>;
@group(0) @binding(5) var<storage, read_write> alpha: array<f32>;
@group(0) @binding(6) var<storage, read_write> d: array<f32>;

@compute @workgroup_size(64)
fn lbfgs_direction(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  var factor = -1.0;
  if (params.stage != 0u) {
    var part = 0.0;
    for (var i = lane; i < params.partials; i += 64u) { part += partialIn[i]; }
    let x = params.ro * workgroupSum(part, lane);
    factor = -x;
    if (params.stage == 2u) { factor = alpha[params.index] - x; }
    else if (group.x == 0u && lane == 0u) { alpha[params.index] = x; }
  }
  var product = 0.0;
  for (var i = group.x * 64u + lane; i < params.size; i += params.groups * 64u) {
    let at = params.offset + i;
    var value = factor * a[at];
    if (params.stage != 0u) { value += d[at]; }
    value *= params.scale;
    d[at] = value;
    product += value * b[at];
  }
  let sum = workgroupSum(product, lane);
  if (lane == 0u) { partialOut[params.first + group.x] = sum; }
}
