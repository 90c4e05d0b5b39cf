/**
 * Prepares data for a recurrent network: data sets, batches, windows, splits, scalers, text.
 * @packageDocumentation
 */

export type { NestedNumbers, NumberNDArray } from "../arrays.ts";
export type { Float64NDArray } from "../shape.ts";
export { type Batch, type Dataset, TensorDataset } from "./dataset.ts";
export { DataLoader, type DataLoaderOptions } from "./loader.ts";
export {
  type CalendarFeature,
  type CalendarOptions,
  calendarFeatures,
  type NamedSeries,
} from "./series/calendar.ts";
export {
  type ColumnStackOptions,
  columnStack,
  type LaggedSeries,
  type LagOptions,
  lagFeatures,
} from "./series/columns.ts";
export { type MinMaxOptions, MinMaxScaler, type MinMaxScalerJSON } from "./series/min-max-scaler.ts";
export { type ColumnOptions, type InFloat64, Scaler } from "./series/scaler.ts";
export type { Series } from "./series/series.ts";
export {
  chronologicalSplit,
  type PartSteps,
  type SeriesPart,
  type SplitOptions,
  type SplitSeries,
} from "./series/split.ts";
export { StandardScaler, type StandardScalerJSON } from "./series/standard-scaler.ts";
export { slidingWindows, type WindowOptions } from "./series/windows.ts";
export { type TextBatch, TextBatches, type TextBatchesOptions } from "./text/batches.ts";
export { NGramModel, type NGramOptions } from "./text/ngram.ts";
export { type SampleOptions, sample } from "./text/sample.ts";
export type { Split, TokenizerJSON } from "./text/tokenizer.ts";
export { Vocabulary, type VocabularyJSON, type VocabularyOptions } from "./text/vocabulary.ts";
