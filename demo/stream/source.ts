/** Where a signal comes from. */

export type SourceKind = "sensor" | "microphone" | "motion";

/** A signal that can be read. */
export interface Source {
  /** Of its values, as written after a number. */
  readonly unit: string;
  /** One value for each of some streams, as they are now. */
  next(streams: number): Float32Array;
  /** Lets go of what it reads. */
  close(): void;
}

/** A signal of this device. There is one, whatever the number of streams: all are given the same value. */
export interface LiveSource extends Source {
  /** Settles with what has happened when the signal ends by itself. */
  readonly ended: Promise<Error>;
}

/** Why a live signal cannot be had, with what the visitor can do about it. */
export class SourceError extends Error {
  readonly title: string;

  constructor(title: string, advice: string) {
    super(advice);
    this.name = "SourceError";
    this.title = title;
  }
}
