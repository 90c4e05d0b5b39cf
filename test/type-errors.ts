/** What the compiler says of programs that stand in the documentation. */
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("../", import.meta.url));

/** Compiler errors in these texts: modules by path, which take the place of what is there, or else modules in the repository's root. */
export function typeErrors(texts: readonly string[] | ReadonlyMap<string, string>): string[] {
  const named = texts instanceof Map ? [...texts] : [...texts].map((text, i) => [`documented-${i}.ts`, text]);
  const modules = new Map(named.map(([path, text]) => [root + path, text] as [string, string]));
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  options.noUnusedLocals = false;
  options.jsx = ts.JsxEmit.Preserve;
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => modules.has(name) || fileExists(name);
  host.getSourceFile = (name, ...rest) => {
    const text = modules.get(name);
    return text === undefined
      ? getSourceFile(name, ...rest)
      : ts.createSourceFile(name, text, ts.ScriptTarget.ES2022);
  };
  const program = ts.createProgram([...modules.keys()], options, host);
  return [...modules.keys()]
    .flatMap((name) => ts.getPreEmitDiagnostics(program, program.getSourceFile(name)))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}
