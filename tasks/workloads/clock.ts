/** A stretch of time: what passed on the wall, and what this process's threads used of the cores, in ms. */
export interface Elapsed {
  readonly wallMs: number;
  /**
   * On a software adapter in Node, whose threads are this process's own, the cost of the work whatever else runs on the machine.
   * On a GPU it says nothing of the GPU; a browser does not tell it.
   */
  readonly cpuMs: number | null;
}

/** Starts a clock; calling what it returns reads it. */
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
