import { WebGpuLstmError } from "../errors.ts";

/**
 * WGSL texts by file name, in a chunk of the bundle that is loaded when a program first needs one of them: a page downloads the kernels
 * that it runs and no others.
 */
export class Texts {
  readonly #import: () => Promise<Readonly<Record<string, string>>>;
  #texts: Readonly<Record<string, string>> | null = null;
  #loading: Promise<void> | null = null;

  /** @param load Imports the module that exports the texts: `() => import("./adam.wgsl.ts")`. */
  constructor(load: () => Promise<Readonly<Record<string, string>>>) {
    this.#import = load;
  }

  /** Loads the chunk once; a load that failed is tried again by the next call. */
  load(): Promise<void> {
    this.#loading ??= this.#import().then(
      (texts) => {
        this.#texts = texts;
      },
      (cause: unknown) => {
        this.#loading = null;
        throw new WebGpuLstmError(
          `device.compile: a file with kernels could not be loaded (${(cause as Error).message}); look whether the server has ` +
            "all files of the app's bundle, and call again",
          { cause },
        );
      },
    );
    return this.#loading;
  }

  /** The text of one file, by its name without folder and `.wgsl`. */
  get(name: string): string {
    const text = this.#texts?.[name];
    if (text !== undefined) return text;
    throw new WebGpuLstmError(
      this.#texts
        ? `no shader is called ${name} in this chunk; it has ${Object.keys(this.#texts).join(", ")}`
        : `step.run: these input shapes need the kernel ${name}, which was not loaded with the step; compile a step for them`,
    );
  }
}

/** Loads chunks of texts, all at once. */
export async function loadTexts(texts: Iterable<Texts>): Promise<void> {
  await Promise.all([...new Set(texts)].map((chunk) => chunk.load()));
}
