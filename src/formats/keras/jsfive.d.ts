/** What is used of the npm package jsfive, which has no types. */
declare module "jsfive" {
  export class Group {
    readonly keys: string[];
    readonly attrs: Readonly<Record<string, unknown>>;
    get(name: string): unknown;
  }
  export class Dataset {
    readonly shape: number[];
    readonly dtype: unknown;
    readonly value: unknown;
    /** Not of its documented interface, which does not say how the values are stored. */
    readonly _dataobjects: { readonly chunks: readonly number[] | null };
  }
  export class File extends Group {
    constructor(bytes: ArrayBuffer, name: string);
  }
}
