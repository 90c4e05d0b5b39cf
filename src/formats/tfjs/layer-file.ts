import { isObject, listed, quote, show } from "../../checks.ts";

/** Why a layer is not computed here. The reader collects these, so that all are listed at once. */
export class NotComputed extends Error {}

/** An object's own entry; `undefined` for `null` too, as Keras writes what is not given. */
export function entry(object: Readonly<Record<string, unknown>>, key: string): unknown {
  return (Object.hasOwn(object, key) ? object[key] : undefined) ?? undefined;
}

/** A layer as the file describes it: its options are checked as they are asked for. */
export class LayerFile {
  readonly name: string;
  /** Keras' class, such as `LSTM`. */
  readonly kind: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Whether Keras 3 wrote it: some functions changed there. */
  readonly isKeras3: boolean;

  constructor(name: string, kind: string, config: Readonly<Record<string, unknown>>, isKeras3: boolean) {
    this.name = name;
    this.kind = kind;
    this.config = config;
    this.isKeras3 = isKeras3;
  }

  /** An option; `undefined` if it is not given. */
  get(key: string): unknown {
    return entry(this.config, key);
  }

  refuse(what: string): NotComputed {
    return new NotComputed(what);
  }

  #checked<T>(key: string, wanted: string, fits: (value: unknown) => boolean, otherwise?: T): T {
    const value = this.get(key);
    if (value === undefined && otherwise !== undefined) return otherwise;
    if (fits(value)) return value as T;
    throw this.refuse(`${key} must be ${wanted}, got ${show(value)}; the file is damaged`);
  }

  /** An integer of at least 1. */
  size(key: string, otherwise?: number): number {
    return this.#checked(
      key,
      "an integer from 1 to 2^31",
      (value) => Number.isInteger(value) && (value as number) > 0 && (value as number) <= 2 ** 31,
      otherwise,
    );
  }

  number(key: string, otherwise?: number): number {
    return this.#checked(key, "a number", Number.isFinite, otherwise);
  }

  flag(key: string, otherwise: boolean): boolean {
    return this.#checked(key, "true or false", (value) => typeof value === "boolean", otherwise);
  }

  text(key: string, otherwise?: string): string {
    return this.#checked(key, "a text", (value) => typeof value === "string", otherwise);
  }

  /** A list of integers. */
  integers(key: string): number[] {
    return this.#checked(key, "a list of integers", (v) => Array.isArray(v) && v.every(Number.isInteger));
  }

  /** The option `axis`: a number or a list of some; the last axis by default. */
  axes(): number[] {
    const given = this.get("axis") ?? -1;
    const axes: unknown[] = Array.isArray(given) ? given : [given];
    if (axes.length > 0 && axes.every(Number.isInteger)) return axes as number[];
    throw this.refuse(`axis must be an integer or a list of some, got ${show(given)}`);
  }

  /** A size that Keras writes as a number or as a list of one. */
  single(key: string, otherwise?: number): number {
    const value = this.get(key);
    if (!Array.isArray(value)) return this.size(key, otherwise);
    if (value.length === 1) return new LayerFile(this.name, this.kind, { [key]: value[0] }, false).size(key);
    throw this.refuse(`${key} ${show(value)} has ${value.length} axes, and one is computed here`);
  }

  /** One of some texts. */
  oneOf<Value extends string>(key: string, allowed: readonly Value[], otherwise: Value): Value {
    const value = this.text(key, otherwise);
    if (allowed.includes(value as Value)) return value as Value;
    throw this.refuse(
      `${key} ${quote(value, 60)} is not computed here, only ${listed(allowed.map((one) => quote(one)))}`,
    );
  }

  /** Throws if an option is given as true. */
  not(key: string, why: string): void {
    if (this.flag(key, false)) throw this.refuse(`${key} is not computed here; ${why}`);
  }

  /** A layer within this one, such as a wrapper's. */
  inner(key: string): LayerFile {
    const value = this.get(key);
    const config = isObject(value) ? (entry(value, "config") ?? {}) : null;
    const kind = isObject(value) ? entry(value, "class_name") : null;
    if (typeof kind !== "string" || !isObject(config)) {
      throw this.refuse(`${key} must be a layer with a class_name and a config; the file is damaged`);
    }
    return new LayerFile(this.name, kind, config, this.isKeras3);
  }
}
