/** What the browser tests take from Vitest, and what the engines' bundle has in its place: tools/engines/vitest.ts. */
import { posix } from "node:path";
import ts from "typescript";

/** What the module in Vitest's place gives: its values, and the functions of `vi`. */
export interface Shim {
  readonly values: ReadonlySet<string>;
  readonly spies: ReadonlySet<string>;
}

const parse = (path: string, text: string) => ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);

const isExported = (node: ts.Node) =>
  ts.canHaveModifiers(node) &&
  !!ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);

/** Reads the module's exports. */
export function shimOf(text: string): Shim {
  const values = new Set<string>();
  const spies = new Set<string>();
  for (const statement of parse("vitest.ts", text).statements) {
    if (ts.isExportDeclaration(statement) && !statement.isTypeOnly) {
      const { exportClause } = statement;
      if (!exportClause || !ts.isNamedExports(exportClause))
        throw new Error(`shimOf: expected names, got ${statement.getText()}`);
      for (const { name, isTypeOnly } of exportClause.elements) if (!isTypeOnly) values.add(name.text);
    }
    if (ts.isFunctionDeclaration(statement) && isExported(statement)) values.add(statement.name!.text);
    if (!ts.isVariableStatement(statement) || !isExported(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      values.add(name.getText());
      if (name.getText() !== "vi") continue;
      if (!initializer || !ts.isObjectLiteralExpression(initializer))
        throw new Error("shimOf: vi is no object");
      for (const { name } of initializer.properties) spies.add(name!.getText());
    }
  }
  return { values, spies };
}

/** The files that a file imports with relative paths, without types. */
function importsOf(path: string, source: ts.SourceFile): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const isType =
      (ts.isImportDeclaration(node) && node.importClause?.isTypeOnly) ||
      (ts.isExportDeclaration(node) && node.isTypeOnly);
    const from =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
          ? node.arguments[0]
          : undefined;
    if (!isType && from && ts.isStringLiteral(from) && /^\.{1,2}\/.*\.ts$/.test(from.text))
      found.push(posix.join(posix.dirname(path), from.text));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** What of Vitest a file uses that the module does not give. */
function complaintsOf(path: string, source: ts.SourceFile, { values, spies }: Shim): string[] {
  const complaints: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) && !node.importClause?.isTypeOnly) {
      const module = (node.moduleSpecifier as ts.StringLiteral).text;
      const bindings = node.importClause?.namedBindings;
      if (module.startsWith("vitest/")) complaints.push(`${path} imports ${module}`);
      if (module === "vitest") {
        if (!bindings || !ts.isNamedImports(bindings) || node.importClause?.name)
          complaints.push(`${path} imports all of vitest`);
        else
          for (const { name, propertyName = name, isTypeOnly } of bindings.elements)
            if (!isTypeOnly && !values.has(propertyName.text))
              complaints.push(`${path} imports ${propertyName.text}`);
      }
    }
    if (ts.isPropertyAccessExpression(node) && node.expression.getText() === "vi") {
      const { text } = node.name;
      if (!spies.has(text)) complaints.push(`${path} uses vi.${text}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return complaints;
}

/**
 * What the bundle's tests, and all that they import, take from Vitest that the module does not give.
 * @param read Gives the text of a file; `undefined` for one that is not there.
 */
export function bundleComplaints(
  tests: Iterable<string>,
  read: (path: string) => string | undefined,
  shim: Shim,
): string[] {
  const complaints: string[] = [];
  const seen = new Set<string>();
  const queue = [...tests];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const text = read(path);
    if (text === undefined) continue;
    const source = parse(path, text);
    complaints.push(...complaintsOf(path, source, shim));
    queue.push(...importsOf(path, source));
  }
  return complaints.sort();
}
