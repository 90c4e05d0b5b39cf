/**
 * The contract between a kernel's declaration and its WGSL, and between a kernel's file and its library files; `shaders.test.ts` holds
 * every kernel to it.
 */
import { WgslReflect } from "wgsl_reflect/wgsl_reflect.module.js";
import type { Kernel, KernelDeclaration } from "../../src/gpu/kernel.ts";

/** WebGPU's default `maxStorageBuffersPerShaderStage`. */
const maxStorageBuffers = 8;

/** The comment at the start of a file, without its slashes; `enable` lines may precede it. */
function headerOf(source: string): string {
  const lines = source.replace(/^(enable .*\n)+/, "").split("\n");
  const end = lines.findIndex((line) => !line.startsWith("//"));
  return lines
    .slice(0, end)
    .map((line) => line.slice(2))
    .join("\n");
}

/** Whether `text` contains `word` as a whole word. */
function names(text: string, word: string): boolean {
  return new RegExp(`(?<![\\w])${word}(?![\\w])`).test(text);
}

/** A kernel's declaration with the texts of its files. */
export interface KernelWithTexts extends Omit<KernelDeclaration<string, string>, "texts" | "uses"> {
  readonly source: string;
  readonly library: readonly string[];
}

/** A kernel with its texts, which must be loaded. */
export function withTexts({ declaration }: Kernel): KernelWithTexts {
  const { texts, uses = [], ...rest } = declaration;
  return { ...rest, source: texts.module[rest.name]!, library: uses.map((name) => texts.module[name]!) };
}

/** Disagreements between the shader and its declaration; empty if there are none. */
export function contractComplaints({
  name,
  source,
  library,
  workgroup,
  params,
  bindings,
}: KernelWithTexts): string[] {
  const found: string[] = [];
  const expect = (what: string, declared: unknown, inShader: unknown) => {
    const [a, b] = [JSON.stringify(declared), JSON.stringify(inShader)];
    if (a !== b) found.push(`${name}: ${what}: declared ${a}, in the shader ${b}`);
  };

  const shader = new WgslReflect([source, ...library].join("\n"));
  expect(
    "entry points",
    [name],
    [...shader.entry.compute, ...shader.entry.vertex, ...shader.entry.fragment].map((f) => f.name),
  );
  const size = shader.entry.compute[0]?.attributes?.find((a) => a.name === "workgroup_size")?.value;
  const resolve = (text: unknown) =>
    Number(new RegExp(`^const ${text} = (\\d+)u;$`, "m").exec(source)?.[1] ?? text);
  const [x = 1, y = 1, z = 1] = [size].flat().map(resolve);
  expect("workgroup size", workgroup, [x, y, z]);

  const uniforms = shader.uniforms.map(({ group, binding }) => [group, binding]);
  expect("uniform at group, binding", [[0, 0]], uniforms);
  const members = shader.uniforms[0]?.members ?? [];
  expect(
    "params",
    Object.entries(params),
    members.map((member) => [member.name, member.type.name]),
  );
  expect(
    "offsets of params",
    Object.keys(params).map((_, index) => index * 4),
    members.map((member) => member.offset),
  );
  expect(
    "storage bindings [group, binding, name, access]",
    Object.entries(bindings).map(([binding, access], index) => [0, index + 1, binding, access]),
    shader.storage.map(({ group, binding, name: variable, access }) => [group, binding, variable, access]),
  );
  if (shader.storage.length > maxStorageBuffers) {
    found.push(`${name}: ${shader.storage.length} storage buffers, more than ${maxStorageBuffers}`);
  }

  const header = headerOf(source);
  if (!header.startsWith(` ${name}: `))
    found.push(`${name}: the file must begin with "// ${name}: what it does"`);
  if (!/^ grid\s/m.test(header)) found.push(`${name}: the header has no line "// grid"`);
  for (const binding of Object.keys(bindings)) {
    if (!names(header, binding)) found.push(`${name}: the header says nothing of the binding ${binding}`);
  }
  return found;
}

/** The part of a header that begins with `// key: `, with its indented continuation lines; `null` if there is none. */
function entryOf(header: string, key: string): string | null {
  return new RegExp(`^ ${key}: (.*(?:\\n {3}.*)*)`, "m").exec(header)?.[1] ?? null;
}

/** The names that `lib/file (a, b), room/lib/other (c)` lists, by file. */
function usesOf(header: string): Map<string, string[]> {
  const uses = entryOf(header, "uses") ?? "";
  return new Map(
    [...uses.matchAll(/([\w/]+)\s+\(([^)]*)\)/g)].map(([, file, list]) => [
      `${file}.wgsl`,
      list!.split(/,\s*/),
    ]),
  );
}

const listOf = (header: string, key: string) => entryOf(header, key)?.split(/,\s*/) ?? [];

const codeOf = (text: string) => text.replace(/\/\/.*$/gm, "");

/** Functions, types and constants that a file defines. */
function definedIn(text: string): string[] {
  return [...codeOf(text).matchAll(/^(?:fn|struct|alias|const) (\w+)/gm)].map((match) => match[1]!);
}

/** Whether a file's code calls a function, or names a type or a constant. */
function mentions(text: string, name: string): boolean {
  return new RegExp(`(?<![\\w.])${name}(?!\\w)`).test(codeOf(text));
}

/**
 * Where the headers of a kernel and its library files disagree with their code. A kernel's header has
 * `// uses: lib/file (name, …), …`: every library file it is compiled with, and what the other files take from it; and
 * `// provides: name, …`: what its library files take from the kernel itself. A library file has the same `uses`, for what it takes
 * from other library files, and `// needs: name, …`, for what a kernel or another library file has to provide.
 * @param files Text by path from shaders/, `lib/activations.wgsl`.
 */
export function usesComplaints(
  { name, source, library }: Pick<KernelWithTexts, "name" | "source" | "library">,
  files: ReadonlyMap<string, string>,
): string[] {
  const found: string[] = [];
  const pathOf = new Map([...files].map(([path, text]) => [text, path]));
  const libraries = library.map((text) => ({ path: pathOf.get(text) ?? "an unknown file", text }));
  const all = [{ path: `${name}.wgsl`, text: source }, ...libraries];
  const others = (path: string) => all.filter((file) => file.path !== path);
  /** What a file defines that others of the kernel's files mention. */
  const takenFrom = ({ path, text }: { readonly path: string; readonly text: string }) =>
    definedIn(text).filter((symbol) => others(path).some((other) => mentions(other.text, symbol)));
  const compare = (where: string, named: readonly string[], wanted: readonly string[]) => {
    for (const one of wanted) if (!named.includes(one)) found.push(`${where} does not name ${one}`);
    for (const one of named) if (!wanted.includes(one)) found.push(`${where} names ${one} without need`);
  };

  const uses = usesOf(headerOf(source));
  compare(
    `${name}: "uses"`,
    [...uses.keys()],
    libraries.map(({ path }) => path),
  );
  for (const file of libraries) {
    compare(`${name}: "uses" of ${file.path}`, uses.get(file.path) ?? [], takenFrom(file));
  }
  compare(`${name}: "provides"`, listOf(headerOf(source), "provides"), takenFrom(all[0]!));

  for (const { path, text } of libraries) {
    const header = headerOf(text);
    const own = [...usesOf(header)].flatMap(([file, symbols]) =>
      symbols.map((symbol) => `${symbol} of ${file}`),
    );
    const needs = listOf(header, "needs");
    const taken = others(path).flatMap((other) =>
      definedIn(other.text)
        .filter((symbol) => mentions(text, symbol))
        .map((symbol) => ({ symbol, from: other.path })),
    );
    const missing = needs.filter((need) => !taken.some(({ symbol }) => symbol === need));
    for (const need of missing) found.push(`${name}: ${path} needs ${need}, which nothing provides`);
    const used = taken.filter(({ symbol }) => !needs.includes(symbol));
    compare(
      `${name}: "uses" in ${path}`,
      own,
      used.map(({ symbol, from }) => `${symbol} of ${from}`),
    );
  }
  return found;
}

/** Params that neither the kernel's header nor one of its library files' headers explains. */
export function paramComplaints({
  name,
  source,
  library,
  params,
}: Pick<KernelWithTexts, "name" | "source" | "library" | "params">) {
  const headers = [source, ...library].map(headerOf).join("\n");
  return Object.keys(params)
    .filter((param) => !names(headers, param))
    .map((param) => `${name}: no header says anything about the param ${param}`);
}
