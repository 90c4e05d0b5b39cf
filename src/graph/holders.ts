/** What modules hold: by it a step notices that a part of its model was replaced. */

/** All modules there are. */
const modules = /* @__PURE__ */ new Set<WeakRef<object>>();

type Fields = Readonly<Record<string, unknown>>;

/** Notes a new module. */
export function noteModule(module: object): void {
  modules.add(new WeakRef(module));
}

/**
 * Looks up every module that holds one of these parameters or modules, whatever the number of modules between them.
 * @returns Whether each of them still holds the modules and parameters that it holds now, and a list as many.
 */
export function holdersOf(parts: Iterable<unknown>): () => boolean {
  const living = new Map<unknown, WeakRef<object>>();
  const holdersBy = new Map<unknown, Fields[]>();
  for (const holder of modules) {
    const module = holder.deref() as Fields | undefined;
    if (!module) modules.delete(holder);
    else {
      living.set(module, holder);
      for (const name of Object.getOwnPropertyNames(module)) {
        const known = holdersBy.get(module[name]);
        if (known) known.push(module);
        else holdersBy.set(module[name], [module]);
      }
    }
  }
  const found = new Set(parts);
  // What is added is visited, too.
  for (const part of found) for (const module of holdersBy.get(part) ?? []) found.add(module);
  const held = [...(living as Map<Fields, WeakRef<object>>)]
    .filter(([module]) => found.has(module))
    .map(([module, holder]) => {
      const isPart = (name: string, value: unknown) =>
        name === "length" || living.has(value) || found.has(value);
      return [holder, Object.entries(module).filter(([name, value]) => isPart(name, value))] as const;
    });
  return () =>
    held.every(([holder, fields]) => {
      const module = holder.deref() as Fields | undefined;
      return !module || fields.every(([name, value]) => module[name] === value);
    });
}
