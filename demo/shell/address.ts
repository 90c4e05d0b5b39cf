/**
 * The page's address: a view, and its settings after a question mark, as in `#forecast?series=co2&hidden=32`. Someone may have typed or
 * shortened it, so a setting that is unknown or has a bad value is left out and named, and is never an error.
 */

/** Settings as a view writes them; what is undefined is left out. */
export type Settings = Readonly<Record<string, string | number | boolean | undefined>>;

/** Splits the part of an address from `#` on. */
export function parseAddress(hash: string): { readonly view: string; readonly settings: string } {
  const [view = "", ...rest] = hash.replace(/^#/, "").split("?");
  return { view, settings: rest.join("?") };
}

/** The part of an address from `#` on. @param settings As {@link settingsText} gives them */
export function formatAddress(view: string, settings: string): string {
  return settings === "" ? `#${view}` : `#${view}?${settings}`;
}

/** Settings without those that have the usual value, which an address need not name. */
export function unusual(settings: Settings, usual: Settings): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([name, value]) => value !== usual[name]));
}

/** Settings as an address has them. */
export function settingsText(settings: Settings): string {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
}

/** The settings of an address, each asked for by its name; remembers which were bad, and which nobody asked for. */
export class LinkSettings {
  readonly #given: URLSearchParams;
  readonly #taken = new Set<string>();

  /** @param settings As {@link settingsText} gives them */
  constructor(settings: string) {
    this.#given = new URLSearchParams(settings);
  }

  /** One of these values, compared by their texts; undefined if the setting is missing or has another value. */
  choice<T extends string | number | boolean>(name: string, choices: readonly T[]): T | undefined {
    return this.read(name, (text) => choices.find((choice) => String(choice) === text));
  }

  /** A number in a range; undefined if the setting is missing or is none. */
  number(name: string, least: number, most: number): number | undefined {
    return this.read(name, (text) => {
      const value = Number(text);
      return text.trim() !== "" && value >= least && value <= most ? value : undefined;
    });
  }

  /** What `read` makes of a setting; undefined if the setting is missing, or if `read` says so. */
  read<T>(name: string, read: (text: string) => T | undefined): T | undefined {
    const text = this.#given.get(name);
    const found = text === null ? undefined : read(text);
    if (found !== undefined) this.#taken.add(name);
    return found;
  }

  /** A sentence about the settings that were left out; empty if all were taken. */
  get note(): string {
    const left = [...this.#given].filter(([name]) => !this.#taken.has(name));
    if (left.length === 0) return "";
    const named = left.map(([name, value]) => `${clipped(name)}=${clipped(value)}`).join(", ");
    return `This page has no such setting, so it was left out: ${named}.`;
  }
}

function clipped(text: string): string {
  return text.length > 24 ? `${text.slice(0, 23)}…` : text;
}
