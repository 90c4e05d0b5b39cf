/** The interface of a signal's source. */

export type SourceKind = "sensor" | "microphone" | "motion";

/** A signal. */
export interface Source {
  /** The unit of its values, with its space. */
  readonly unit: string;
  /** The current value of each stream. */
  next(streams: number): Float32Array;
  /** Releases the source. */
  close(): void;
}

/** A signal of this device. All streams get the same value. */
export interface LiveSource extends Source {
  /** Resolves with the reason when the signal ends by itself. */
  readonly ended: Promise<Error>;
}

/** Why a live signal is not available, and what the visitor can do about it. */
export class SourceError extends Error {
  readonly title: string;

  constructor(title: string, advice: string) {
    super(advice);
    this.name = "SourceError";
    this.title = title;
  }
}
