/**
 * Metrics, which an evaluation reports besides the loss. The GPU computes sums over each batch; their total gives the metric.
 * @packageDocumentation
 */
import { checkNumber, checkOptions, show } from "../checks.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { checkIndices } from "../graph/input-checks.ts";
import { tensor } from "../graph/literal.ts";
import { apply, type Tensor } from "../graph/tensor.ts";
import { L1Loss, MSELoss } from "../nn/loss.ts";
import { CrossEntropyLoss } from "../nn/loss-classes.ts";
import { classHits } from "../ops/loss/class-hits.ts";
import { pointwiseLoss } from "../ops/loss/pointwise-loss.ts";
import { sameShape, showShape, sizeOf } from "../shape.ts";

/** What one batch adds to a metric: two scalars of the evaluation step. */
export interface MetricSums {
  /** The sum over the batch. */
  readonly total: Tensor;
  /** What it is divided by in the end: the number of elements that count. */
  readonly count: Tensor;
}

/** A number that says how good predictions are: {@link MAE} and the others, or one of your own. */
export interface Metric {
  /** The name in reports. */
  readonly name: string;
  /** Whether a smaller or a larger value is better. */
  readonly mode: "min" | "max";
  /** The sums over one batch; traced as part of the evaluation step. */
  sums(prediction: Tensor, target: Tensor): MetricSums;
  /** The metric over all batches, from the totals of their sums. */
  value(total: number, count: number): number;
}

/** Options of every metric. */
export interface MetricOptions {
  /** The name in reports, for using one metric twice. */
  readonly name?: string;
}

/** Options of metrics of classes. */
export interface ClassMetricOptions extends MetricOptions {
  /** Elements with this target do not count. Default -100. */
  readonly ignoreIndex?: number;
}

/** Base class of the metrics. */
abstract class NamedMetric implements Metric {
  readonly name: string;
  /** Whether a smaller or a larger value is better. */
  readonly mode: "min" | "max" = "min";

  constructor(
    where: string,
    name: string,
    options: MetricOptions,
    more: readonly never[],
    others: readonly string[] = [],
  ) {
    checkOptions(where, options, ["name", ...others], more);
    if (options.name !== undefined && (typeof options.name !== "string" || options.name === "")) {
      throw new OptionError(`${where}: name must be text, got ${show(options.name)}`);
    }
    this.name = options.name ?? name;
  }

  abstract sums(prediction: Tensor, target: Tensor): MetricSums;

  /** The mean. */
  value(total: number, count: number): number {
    return total / count;
  }
}

/** The target's number of elements, as a scalar. */
function elementsOf({ shape }: Tensor): Tensor {
  return tensor([sizeOf(shape)], []);
}

/**
 * Mean absolute error, reported as `mae`.
 *
 * @example
 * const trainer = new Trainer(device, model, { loss: criterion, optimizer, metrics: [new metrics.MAE()] });
 * const evaluation = await trainer.evaluate(testLoader);
 * console.log(evaluation.metrics["mae"]);
 */
export class MAE extends NamedMetric {
  readonly #errors = new L1Loss({ reduction: "sum" });

  constructor(options: MetricOptions = {}, ...more: never[]) {
    super("MAE", "mae", options, more);
  }

  /** The sums over one batch; traced as part of the evaluation step. */
  sums(prediction: Tensor, target: Tensor): MetricSums {
    return { total: this.#errors.forward(prediction, target), count: elementsOf(target) };
  }
}

/**
 * Root of the mean squared error over all elements of all batches, reported as `rmse`.
 *
 * @example
 * const trainer = new Trainer(device, model, { loss: criterion, optimizer, metrics: [new metrics.RMSE()] });
 * const evaluation = await trainer.evaluate(testLoader);
 * console.log(evaluation.metrics["rmse"]);
 */
export class RMSE extends NamedMetric {
  readonly #squares = new MSELoss({ reduction: "sum" });

  constructor(options: MetricOptions = {}, ...more: never[]) {
    super("RMSE", "rmse", options, more);
  }

  /** The sums over one batch; traced as part of the evaluation step. */
  sums(prediction: Tensor, target: Tensor): MetricSums {
    return { total: this.#squares.forward(prediction, target), count: elementsOf(target) };
  }

  override value(total: number, count: number): number {
    return Math.sqrt(total / count);
  }
}

/** The smallest number that an error is divided by, as in torchmetrics. */
const SMALLEST = 1.17e-6;

/**
 * Mean absolute percentage error as a fraction (0.1 is 10 %), reported as `mape`: |prediction - target| / max(|target|, 1.17e-6), as
 * torchmetrics' `MeanAbsolutePercentageError`
 * (https://lightning.ai/docs/torchmetrics/stable/regression/mean_absolute_percentage_error.html).
 *
 * @example
 * const trainer = new Trainer(device, model, { loss: criterion, optimizer, metrics: [new metrics.MAPE()] });
 * const evaluation = await trainer.evaluate(testLoader);
 * console.log(evaluation.metrics["mape"]);
 */
export class MAPE extends NamedMetric {
  constructor(options: MetricOptions = {}, ...more: never[]) {
    super("MAPE", "mape", options, more);
  }

  /** The sums over one batch; traced as part of the evaluation step. */
  sums(prediction: Tensor, target: Tensor): MetricSums {
    const size = target.relu().add(target.neg().relu());
    const least = size.sub(SMALLEST).relu().add(SMALLEST);
    const weight = tensor(new Float32Array(sizeOf(target.shape)).fill(1), target.shape).div(least);
    const attributes = { where: "MAPE", kind: "absolute", reduction: "sum" } as const;
    const [total] = apply("MAPE", pointwiseLoss, [prediction, target, weight], attributes);
    return { total: total!, count: elementsOf(target) };
  }
}

/** Base class of the metrics of classes. */
abstract class ClassMetric extends NamedMetric {
  readonly ignoreIndex: number;

  constructor(where: string, name: string, options: ClassMetricOptions, more: readonly never[]) {
    super(where, name, options, more, ["ignoreIndex"]);
    const { ignoreIndex = -100 } = options;
    checkNumber(where, "ignoreIndex", ignoreIndex, "an integer from -2^24 to 2^24", (n) => {
      return Number.isInteger(n) && Math.abs(n) <= 2 ** 24;
    });
    this.ignoreIndex = ignoreIndex;
  }

  /** Numbers of predictions that are right and of those that count. */
  protected hits(where: string, prediction: Tensor, target: Tensor): { hits: Tensor; counts: Tensor } {
    const { ignoreIndex } = this;
    const [first, classes, ...rest] = prediction.shape;
    const wanted = classes === undefined ? [] : [first!, ...rest];
    if (first === undefined || !sameShape(target.shape, wanted)) {
      throw new ShapeError(
        `${where}: targets must be class indices, ${showShape(wanted)} for scores ${showShape(prediction.shape)}, got ` +
          `${showShape(target.shape)}; the classes are the second dimension`,
      );
    }
    checkIndices(target, "class index", classes ?? first, ignoreIndex);
    const [hits, counts] = apply(where, classHits, [prediction, target], { ignoreIndex });
    return { hits: hits!, counts: counts! };
  }
}

/**
 * Share of the targets whose class has the largest score, reported as `accuracy`. Predictions are scores [N, C], [N, C, d1, …] or
 * [C], targets class indices, as for `nn.CrossEntropyLoss`.
 *
 * @example
 * const trainer = new Trainer(device, model, { loss: new nn.CrossEntropyLoss(), optimizer, metrics: [new metrics.Accuracy()] });
 * const evaluation = await trainer.evaluate(testLoader);
 * console.log(evaluation.metrics["accuracy"]);
 */
export class Accuracy extends ClassMetric {
  override readonly mode = "max";

  constructor(options: ClassMetricOptions = {}, ...more: never[]) {
    super("Accuracy", "accuracy", options, more);
  }

  /** The sums over one batch; traced as part of the evaluation step. */
  sums(prediction: Tensor, target: Tensor): MetricSums {
    const { hits, counts } = this.hits("Accuracy", prediction, target);
    return { total: hits, count: counts };
  }
}

/**
 * The exponential of the mean cross-entropy, reported as `perplexity`: a model that is as unsure as a fair die of n sides has n.
 * Predictions are logits or logarithms of probabilities, targets class indices, as for `nn.CrossEntropyLoss`.
 *
 * @example
 * const trainer = new Trainer(device, model, { loss: new nn.CrossEntropyLoss(), optimizer, metrics: [new metrics.Perplexity()] });
 * const evaluation = await trainer.evaluate(testLoader);
 * console.log(evaluation.metrics["perplexity"]);
 */
export class Perplexity extends ClassMetric {
  readonly #loss: CrossEntropyLoss;

  constructor(options: ClassMetricOptions = {}, ...more: never[]) {
    super("Perplexity", "perplexity", options, more);
    this.#loss = new CrossEntropyLoss({ reduction: "sum", ignoreIndex: this.ignoreIndex });
  }

  /** The sums over one batch; traced as part of the evaluation step. */
  sums(prediction: Tensor, target: Tensor): MetricSums {
    const { counts } = this.hits("Perplexity", prediction, target);
    return { total: this.#loss.forward(prediction, target), count: counts };
  }

  override value(total: number, count: number): number {
    return Math.exp(total / count);
  }
}
