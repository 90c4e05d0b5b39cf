/** Random numbers of one op on the GPU: the key of a counter-based generator, and the run as its counter. */
export interface RandomStream {
  /** The step's seed and the number of the stream, 32 bits each. */
  readonly seed: number;
  readonly stream: number;
  /** The number of the run that is about to start, from 0. */
  run(): number;
}

/** Gives each op that draws random numbers a stream of its own. */
export interface RandomStreams {
  next(): RandomStream;
}
