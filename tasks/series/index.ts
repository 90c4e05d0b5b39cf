/** The series by name; each is loaded when it is first used. */
import type { BuiltIn, Series } from "./series.ts";

type Loader = () => Promise<Series>;

const LOADERS: Record<BuiltIn, Loader> = {
  seattle: async () => (await import("./seattle.ts")).load(),
  co2: async () => (await import("./co2.ts")).load(),
  sp500: async () => (await import("./sp500.ts")).load(),
  sine: async () => (await import("./sine.ts")).load(),
};

export function loadSeries(id: BuiltIn): Promise<Series> {
  return LOADERS[id]();
}
