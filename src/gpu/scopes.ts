/** Why a GPU refused something. */
export interface Refusal {
  readonly message: string;
  /** Whether there was no memory left. */
  readonly memory: boolean;
}

/** The kinds of errors that making an object can have. */
const ALL: readonly GPUErrorFilter[] = ["out-of-memory", "validation", "internal"];

/**
 * Calls `make`, which awaits nothing, inside error scopes.
 * @returns what it gave, and the GPU's answer: the first error of the scopes, or nothing.
 */
export function inScopes<T>(
  gpu: GPUDevice,
  make: () => T,
  filters = ALL,
): [made: T, answer: Promise<Refusal | null>] {
  for (const filter of filters) gpu.pushErrorScope(filter);
  const answers: Promise<GPUError | null>[] = [];
  const answer = refusalOf(answers, filters);
  try {
    return [make(), answer];
  } finally {
    // Scopes are answered from the last to the first.
    for (const _ of filters) answers.unshift(gpu.popErrorScope());
  }
}

/** The first error among answers, which are asked for before anything is awaited. */
async function refusalOf(
  answers: readonly Promise<GPUError | null>[],
  filters: readonly GPUErrorFilter[],
): Promise<Refusal | null> {
  await null;
  // A lost device answers nothing; the loss is reported by itself.
  const errors = await Promise.all(answers).catch(() => []);
  const first = errors.findIndex((error) => error);
  return first < 0 ? null : { message: errors[first]!.message, memory: filters[first] === ALL[0] };
}
