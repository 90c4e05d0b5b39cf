/** Getting data ready for a recurrent network: data sets, batches, windows, splits and scalers. */
export {
  type CalendarFeature,
  type CalendarOptions,
  calendarFeatures,
  type NamedSeries,
} from "./calendar.ts";
export {
  type ColumnStackOptions,
  columnStack,
  type LaggedSeries,
  type LagOptions,
  lagFeatures,
} from "./columns.ts";
export { type Batch, type Dataset, TensorDataset } from "./dataset.ts";
export { DataLoader, type DataLoaderOptions } from "./loader.ts";
export { NGramModel, type NGramOptions } from "./ngram.ts";
export { type SampleOptions, sample } from "./sample.ts";
export {
  type ColumnOptions,
  type MinMaxOptions,
  MinMaxScaler,
  type MinMaxScalerJSON,
  Scaler,
  StandardScaler,
  type StandardScalerJSON,
} from "./scaler.ts";
export type { Series } from "./series.ts";
export { chronologicalSplit, type SeriesPart, type SplitOptions, type SplitSeries } from "./split.ts";
export { type TextBatch, TextBatches, type TextBatchesOptions } from "./text-batches.ts";
export type { Split, TokenizerJSON } from "./tokenizer.ts";
export { Vocabulary, type VocabularyJSON, type VocabularyOptions } from "./vocabulary.ts";
export { slidingWindows, type WindowOptions } from "./windows.ts";
