/** Losses of distributions, and the similarity of vectors, against PyTorch. */
import { nn, tensor } from "webgpu-lstm";
import { testFunctions } from "./function-case.ts";

testFunctions("function_losses", "Losses of distributions, similarity", {
  gaussian: (x, y, v) => new nn.GaussianNLLLoss().forward(x, y, v.square()),
  gaussian_full: (x, y, v) =>
    new nn.GaussianNLLLoss({ full: true, reduction: "sum" }).forward(x, y, v.square()),
  gaussian_rows: (x, y, v) =>
    new nn.GaussianNLLLoss({ eps: 0.25, reduction: "none" }).forward(x, y, v.square()),
  gaussian_ones: (x, y, v) => new nn.GaussianNLLLoss().forward(x, y, v.square().add(0.1)),
  kl: (x, y) => new nn.KLDivLoss().forward(x.logSoftmax(1), y.softmax(1)),
  kl_sum: (x, y) => new nn.KLDivLoss({ reduction: "sum" }).forward(x.logSoftmax(1), y.softmax(1)),
  kl_none: (x, y) => new nn.KLDivLoss({ reduction: "none" }).forward(x, y.softmax(-1)),
  kl_batchmean: (x, y) => new nn.KLDivLoss({ reduction: "batchmean" }).forward(x.logSoftmax(1), y.softmax(1)),
  kl_log: (x, y) =>
    new nn.KLDivLoss({ reduction: "batchmean", logTarget: true }).forward(x.logSoftmax(1), y.logSoftmax(1)),
  kl_zero: (x) =>
    new nn.KLDivLoss({ reduction: "none" }).forward(
      x,
      tensor([
        [0.5, 0, 0.5],
        [0, 0, 1],
      ]),
    ),
  cosine: (a, b) => new nn.CosineSimilarity().forward(a, b),
  cosine_first: (a, b) => nn.cosineSimilarity(a, b, 0),
  cosine_broadcast: (a, b) => nn.cosineSimilarity(a, b, -1),
  cosine_eps: (a, b) => new nn.CosineSimilarity({ dim: 1, eps: 0.5 }).forward(a, b.mul(1e-3)),
  cosine_zero: (a, b) => nn.cosineSimilarity(a.mul(0), b),
});
