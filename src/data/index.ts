/** Getting data ready for a recurrent network: data sets, batches, windows, splits and scalers. */
export { type Batch, type Dataset, TensorDataset } from "./dataset.ts";
export { DataLoader, type DataLoaderOptions } from "./loader.ts";
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
export { slidingWindows, type WindowOptions } from "./windows.ts";
