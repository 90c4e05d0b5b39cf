export type { StreamingModel } from "./plan.ts";
export { type StepValues, Stream, type StreamOptions } from "./stream.ts";
