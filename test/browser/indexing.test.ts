/** Parts of tensors and elements by index against PyTorch. */
import { tensor } from "webgpu-lstm";
import { testFunctions } from "./function-case.ts";

testFunctions("function_indexing", "Indexing", {
  gather: (x) =>
    x.gather(
      1,
      tensor([
        [1, 1, 4],
        [0, 2, 2],
        [3, 3, 3],
      ]),
    ),
  gather_first: (x) =>
    x.gather(
      0,
      tensor([
        [2, 0],
        [2, 1],
        [0, 0],
        [1, 2],
      ]),
    ),
  gather_middle: (x) => x.gather(-2, tensor([4, 0, 1, 4], [2, 1, 2])),
  index_select: (x) => x.indexSelect(0, tensor([2, 0, 2, 1])),
  index_select_middle: (x) => x.indexSelect(1, tensor([4, 4, 0])),
  chunk: (x) => x.chunk(3, 1)[1]!,
  chunk_last: (x) => x.chunk(3, 1)[2]!,
  split: (x) => x.split(2)[3]!,
  split_sizes: (x) => x.split([1, 4, 2], -1)[1]!,
  unbind: (x) => x.unbind(1)[2]!,
  view: (x) => x.view([6, -1]),
  one_hot: (x) =>
    tensor([
      [0, 4],
      [2, 2],
    ])
      .oneHot(5)
      .mul(x),
});
