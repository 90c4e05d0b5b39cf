/** Random numbers of one op on the GPU: a counter-based generator's key, and the run that is its counter. */
export interface RandomStream {
  /** The step's seed, and which of its streams this is: 32 bits each. */
  readonly seed: number;
  readonly stream: number;
  /** The number of the run that is about to start, from 0. */
  run(): number;
}

/** Where the ops of a trace that draw random numbers get a stream each. */
export interface RandomStreams {
  next(): RandomStream;
}
