/** Lists what the emitted declarations export: every name, and the members of the classes that an app works with. */
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Classes whose members are listed too. */
const LISTED = new Set(["Device", "CompiledStep", "Trainer", "Module", "Tensor", "Optimizer"]);

/** The declarations as `tools/build-library.ts` emits them, by path. */
function emitDeclarations(): Map<string, string> {
  const path = `${root}tsconfig.build.json`;
  const { config } = ts.readConfigFile(path, ts.sys.readFile);
  const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const files = new Map<string, string>();
  ts.createProgram(fileNames, options).emit(
    undefined,
    (name, text) => files.set(name, text.replace(/(\bfrom |\bimport\()"(\.[^"]+)\.ts"/g, '$1"$2.js"')),
    undefined,
    true,
  );
  return files;
}

/** The surface of the package's entries, as lines: a name each, indented below what it is exported by. */
export function publicSurface(entries: Readonly<Record<string, string>>): string[] {
  const files = emitDeclarations();
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ["lib.es2022.d.ts", "lib.dom.d.ts", "lib.esnext.disposable.d.ts"],
    types: [],
    noEmit: true,
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.readFile = (name) => files.get(name) ?? readFile(name);
  // The folder dist/ need not exist: its declarations are in memory.
  host.directoryExists = () => true;
  const { getSourceFile } = host;
  host.getSourceFile = (name, ...rest) => {
    const text = files.get(name);
    return text === undefined
      ? getSourceFile(name, ...rest)
      : ts.createSourceFile(name, text, ts.ScriptTarget.ES2022);
  };
  const paths = Object.values(entries).map((entry) => `${root}dist/${entry}`);
  const program = ts.createProgram(paths, options, host);
  const checker = program.getTypeChecker();

  const lines: string[] = [];
  for (const [i, name] of Object.keys(entries).entries()) {
    lines.push(name);
    const module = checker.getSymbolAtLocation(program.getSourceFile(paths[i]!)!)!;
    lines.push(...exportsOf(checker, module, "  "));
  }
  return lines;
}

function exportsOf(checker: ts.TypeChecker, module: ts.Symbol, indent: string): string[] {
  return checker
    .getExportsOfModule(module)
    .map((symbol) => ({ name: symbol.name, target: targetOf(checker, symbol) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(({ name, target }) => [
      `${indent}${kindOf(target)} ${name}`,
      ...(target.flags & ts.SymbolFlags.ValueModule ? exportsOf(checker, target, `${indent}  `) : []),
      ...(LISTED.has(name) ? membersOf(checker, target).map((member) => `${indent}  ${member}`) : []),
    ]);
}

function targetOf(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function kindOf({ flags }: ts.Symbol): string {
  if (flags & ts.SymbolFlags.ValueModule) return "namespace";
  if (flags & ts.SymbolFlags.Class) return "class";
  if (flags & ts.SymbolFlags.Function) return "function";
  if (flags & ts.SymbolFlags.Variable) return "const";
  if (flags & ts.SymbolFlags.Interface) return "interface";
  if (flags & ts.SymbolFlags.TypeAlias) return "type";
  throw new Error(`an export of an unknown kind, ${flags}`);
}

/** Public and protected members, inherited ones too; static ones first. */
function membersOf(checker: ts.TypeChecker, symbol: ts.Symbol): string[] {
  const names = (type: ts.Type, prefix: string) =>
    checker
      .getPropertiesOfType(type)
      .filter(({ name }) => name !== "prototype" && !name.includes("#"))
      .map((member) => ({ member, access: accessOf(member) }))
      .filter(({ access }) => access !== "private ")
      .map(
        ({ member: { name }, access }) =>
          `${access}${prefix}${name.replace(/^__@(\w+)@\d+$/, "[Symbol.$1]")}`,
      )
      .sort();
  return [
    ...names(checker.getTypeOfSymbol(symbol), "static "),
    ...names(checker.getDeclaredTypeOfSymbol(symbol), ""),
  ];
}

function accessOf({ declarations = [] }: ts.Symbol): "" | "private " | "protected " {
  const flags = declarations.reduce((all, declaration) => all | ts.getCombinedModifierFlags(declaration), 0);
  if (flags & ts.ModifierFlags.Private) return "private ";
  return flags & ts.ModifierFlags.Protected ? "protected " : "";
}
