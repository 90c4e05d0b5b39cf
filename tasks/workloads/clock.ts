/** An elapsed time in ms: on the wall clock, and of this process's threads on the cores. */
export interface Elapsed {
  readonly wallMs: number;
  /**
   * On a software adapter in Node, the cost of the work whatever else runs on the machine: its threads are this process's own.
   * On a GPU it excludes the GPU's work; in a browser it is not available.
   */
  readonly cpuMs: number | null;
}

/** Starts a clock; the returned function reads it. */
export function startClock(): () => Elapsed {
  const { process } = globalThis as { readonly process?: NodeJS.Process };
  const wall = performance.now();
  const cpu = process?.cpuUsage?.();
  return () => {
    const wallMs = performance.now() - wall;
    if (!process || !cpu) return { wallMs, cpuMs: null };
    const { user, system } = process.cpuUsage(cpu);
    return { wallMs, cpuMs: (user + system) / 1e3 };
  };
}
