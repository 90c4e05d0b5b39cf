export type { StreamOptions } from "./options.ts";
export { type StepValues, Stream } from "./stream.ts";
