/** The architecture's rules, as a function from sources to complaints; `imports.test.ts` applies it to the repository. */
import { posix } from "node:path";
import ts from "typescript";

const ground = ["errors", "checks", "shape", "arrays", "twister", "random", "ondemand"];
const core = [...ground, "gpu", "ops", "graph", "plan", "run", "device", "compile"];
const libraries = [...core, "nn", "optim", "io", "data"];

/** What each layer (a folder or a single file of src/) may import besides itself. */
const mayImport: Record<string, readonly string[]> = {
  errors: ground,
  checks: ground,
  shape: ground,
  arrays: ground,
  twister: ground,
  random: ground,
  ondemand: ground,
  gpu: ground,
  ops: [...ground, "gpu"],
  graph: [...ground, "gpu", "ops"],
  plan: [...ground, "gpu", "ops", "graph"],
  run: [...ground, "gpu", "ops", "graph", "plan"],
  reflexes: [],
  compile: [...ground, "gpu", "ops", "graph", "plan", "run", "reflexes"],
  "self-test": [...ground, "gpu", "ops"],
  device: [...ground, "gpu", "ops", "graph", "plan", "run", "compile", "self-test"],
  nn: core,
  optim: core,
  io: ground,
  data: ground,
  train: libraries,
  stream: [...core, "nn"],
  index: [...libraries, "train", "stream"],
  // The package's second entry: both sides of a worker.
  worker: [...libraries, "train"],
  // A device in Node.
  node: core,
  // Model files of other programs.
  formats: libraries,
  // Hyper-parameters: a callback's type of the trainer, no other part of it.
  search: [...ground, "io"],
  "search/node": [...ground, "search"],
};

/** The layers whose types alone a layer may import, besides those above. */
const mayImportTypes: Record<string, readonly string[]> = { search: ["train"] };

/** The packages that a layer may import. */
const packages: Record<string, RegExp> = {
  node: /^(node:[a-z]+|webgpu)$/,
  // The build puts protobuf's code into the one module that names it: tools/build-library.ts. jsfive is loaded on demand, where it is installed.
  formats: /^(@bufbuild\/protobuf\/wire|jsfive)$/,
  "search/node": /^(node:[a-z_/]+|ioredis|bullmq)$/,
};

/** The names under which the package is imported, with the file behind each. */
const entries: Record<string, string> = {
  "webgpu-lstm": "src/index.ts",
  "webgpu-lstm/worker": "src/worker/index.ts",
  "webgpu-lstm/node": "src/node/index.ts",
  "webgpu-lstm/formats": "src/formats/index.ts",
  "webgpu-lstm/search": "src/search/index.ts",
  "webgpu-lstm/search/node": "src/search/node/index.ts",
};

/** The folders that a file of a folder beside src/ may import, besides its own; test/ may import all. The package is open to all. */
const roomsOf: Record<string, readonly string[]> = {
  // A build file; it takes plugins from tools/.
  "demo/vite.config.ts": ["tools"],
  "site/.vitepress/config.ts": ["tools"],
  // Vite's configuration loads it, where the package has no name.
  "tools/packaged-chromium.ts": ["src"],
  demo: ["tasks"],
  examples: ["tasks"],
  site: ["examples"],
  bench: ["tasks", "tools"],
  // The choice of an adapter in Node is in tools/.
  tasks: ["tools"],
  tools: [],
};

/** The internal files of src/ that bench/ measures by themselves. */
const measured = ["src/gpu/facts.ts", "src/gpu/kernel.ts", "src/gpu/staging.ts", "src/gpu/timestamps.ts"];

/** Only `gpu/kernel.ts` makes these. */
const makers = /^create(ShaderModule|ComputePipeline(Async)?|BindGroup)$/;

/** Maximum length of a file that is not a test: about 300 lines, with a margin of ten. */
const maxLines = 310;

/** The layer of a file: `src/nn/lstm.ts` is `nn`, `src/errors.ts` is `errors`; `src/search/node/` is a layer of its own. */
function layerOf(file: string): string {
  if (file.startsWith("src/search/node/")) return "search/node";
  return file.split("/")[1]!.replace(/\.ts$/, "");
}

function importsOf(source: string): string[] {
  return ts.preProcessFile(source, true, true).importedFiles.map(({ fileName }) => fileName);
}

/** The files that a source imports nothing but types of, as it spells them. */
function typeImportsOf(file: string, source: string): Set<string> {
  const types = new Set<string>();
  const values = new Set<string>();
  for (const node of ts.createSourceFile(file, source, ts.ScriptTarget.ES2022).statements) {
    if (!ts.isImportDeclaration(node) || !ts.isStringLiteral(node.moduleSpecifier)) continue;
    (node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword ? types : values).add(
      node.moduleSpecifier.text,
    );
  }
  return new Set([...types].filter((name) => !values.has(name)));
}

/** Every name in the code, excluding comments and strings, and every name that is called. */
function namesIn(file: string, source: string): { names: Set<string>; called: Set<string> } {
  const names = new Set<string>();
  const called = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) names.add(node.text);
    if (ts.isCallExpression(node)) {
      const { expression } = node;
      if (ts.isPropertyAccessExpression(expression)) called.add(expression.name.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, source, ts.ScriptTarget.ES2022));
  return { names, called };
}

/**
 * Complaints about the given sources; empty if there are none.
 * @param sources text by path from the repository's root: `src/nn/lstm.ts`, `shaders/product/gemm_nt.wgsl`
 */
export function complaints(sources: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  const edges = new Map<string, string[]>();
  for (const [file, source] of sources) {
    const lines = source.trimEnd().split("\n").length;
    if (lines > maxLines && !file.startsWith("test/"))
      found.push(`${file}: ${lines} lines, more than ${maxLines}`);
    if (!file.startsWith("src/")) {
      if (!file.startsWith("shaders/")) {
        const { targets, found: bad } = importsOfRoom(file, source, sources);
        edges.set(file, targets);
        found.push(...bad);
      }
      continue;
    }

    const layer = layerOf(file);
    const typesOnly = typeImportsOf(file, source);
    if (!mayImport[layer]) found.push(`${file}: src/ has no layer called ${layer}`);
    for (const name of importsOf(source)) {
      if (!name.startsWith(".")) {
        if (packages[layer]?.test(name)) continue;
        found.push(`${file}: imports the package ${name}; the core has no runtime dependency`);
        continue;
      }
      const target = posix.join(posix.dirname(file), name);
      if (/^shaders\/.*\.wgsl\?raw$/.test(target)) continue;
      if (!sources.has(target)) {
        found.push(`${file}: imports ${target}, which is not in src/`);
        continue;
      }
      edges.set(file, [...(edges.get(file) ?? []), target]);
      const other = layerOf(target);
      const allowed = [
        ...(mayImport[layer] ?? []),
        ...(typesOnly.has(name) ? (mayImportTypes[layer] ?? []) : []),
      ];
      if (other !== layer && !allowed.includes(other)) {
        found.push(`${file}: ${layer} may not import ${other} (${target})`);
      }
    }
    const { names, called } = namesIn(file, source);
    for (const name of names) {
      if (/^GPU[A-Z]/.test(name) && layer !== "gpu") found.push(`${file}: names ${name} outside of src/gpu`);
    }
    for (const name of called) {
      if (makers.test(name) && file !== "src/gpu/kernel.ts")
        found.push(`${file}: only src/gpu/kernel.ts calls ${name}`);
    }
  }
  return [...found, ...cycles(edges)];
}

/** The files that a file beside src/ imports, and complaints about them. */
function importsOfRoom(file: string, source: string, sources: ReadonlyMap<string, string>) {
  const targets: string[] = [];
  const found: string[] = [];
  const room = file.split("/")[0]!;
  const allowed = roomsOf[file] ?? roomsOf[room] ?? [];
  for (const name of importsOf(source)) {
    if (entries[name]) targets.push(entries[name]);
    if (!name.startsWith(".")) continue;
    const path = posix.join(posix.dirname(file), name);
    // Raw text is no module; packages' files are no concern of this rule.
    const target = path.replace(/\?[a-z]+$/, "");
    if (target.startsWith("node_modules/")) continue;
    const other = target.includes("/") ? target.split("/")[0]! : "";
    const mayImport =
      room === "test" ||
      other === room ||
      allowed.includes(other) ||
      (other === "" && target.endsWith(".config.ts")) ||
      (room === "bench" && measured.includes(target));
    if (!mayImport) found.push(`${file}: ${room} may not import ${target}`);
    if (sources.has(path)) targets.push(path);
    else if (target.endsWith(".ts") && other !== "" && !sources.has(target)) {
      found.push(`${file}: imports ${target}, which does not exist`);
    }
  }
  return { targets, found };
}

/** One complaint for each import that closes a cycle. */
function cycles(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) {
      found.push(`circular import: ${[...path.slice(at), file].join(" -> ")}`);
    } else if (!done.has(file)) {
      for (const next of edges.get(file) ?? []) visit(next, [...path, file]);
      done.add(file);
    }
  };
  for (const file of edges.keys()) visit(file, []);
  return found;
}
