export { type StepValues, Stream, type StreamOptions } from "./stream.ts";
