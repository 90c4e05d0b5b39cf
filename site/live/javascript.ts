/**
 * TypeScript to JavaScript, for a program that a reader has edited: types become spaces, so that every line and column stays, and
 * imports become look-ups in a table of modules. Only types that can be erased are understood, as with `erasableSyntaxOnly`.
 */
import { parser } from "@lezer/javascript";

const typescript = parser.configure({ dialect: "ts" });

/** Syntax that says nothing to an engine. */
const TYPES: ReadonlySet<string> = new Set([
  "TypeAnnotation",
  "TypeArgList",
  "TypeParamList",
  "InterfaceDeclaration",
  "TypeAliasDeclaration",
  "AmbientDeclaration",
  "Privacy",
  "Optional",
  "readonly",
  "override",
  "abstract",
]);

type Node = ReturnType<typeof typescript.parse>["topNode"];

/** The table's name in the resulting program. */
export const MODULES = "__modules";

/** The program as a module of JavaScript, which finds what it imports in `globalThis.__modules`. */
export function toJavaScript(source: string): string {
  const text = source.split("");
  const blank = (from: number, to: number) => {
    for (let i = from; i < to; i++) if (text[i] !== "\n") text[i] = " ";
  };
  typescript.parse(source).iterate({
    enter: ({ name, node, from, to }) => {
      if (name === "ImportDeclaration") {
        const found = lookUp(source, node);
        blank(from, to);
        text[from] = found;
        return false;
      }
      if (TYPES.has(name)) {
        blank(from, to);
        return false;
      }
      // `x as T`, `x satisfies T`: from the keyword on.
      if (name === "as" || name === "satisfies") blank(from, node.parent?.to ?? to);
      if (name === "implements") {
        const body = node.parent?.getChild("ClassBody");
        blank(from, body?.from ?? to);
      }
      // `x!` and `x!: T`
      if (name === "LogicOp" && source.slice(from, to) === "!" && isAssertion(node)) blank(from, to);
      return undefined;
    },
  });
  return text.join("");
}

/** The first line that is no TypeScript, counted from 1; 0 if all are. */
export function brokenLine(source: string): number {
  let line = 0;
  typescript.parse(source).iterate({
    enter: ({ type, from }) => {
      if (type.isError && line === 0) line = source.slice(0, from).trimEnd().split("\n").length;
      return line === 0;
    },
  });
  return line;
}

/** Whether a `!` only tells the type checker that something is there. */
function isAssertion(node: Node): boolean {
  const parent = node.parent?.name;
  return (
    parent === "PostfixExpression" || parent === "PropertyDeclaration" || parent === "VariableDeclaration"
  );
}

/** `const { nn, x: y } = …` for `import { nn, type T, x as y } from "…"`; nothing for an import of types alone. */
function lookUp(source: string, node: Node): string {
  const textOf = (child: Node) => source.slice(child.from, child.to);
  const path = node.getChild("String");
  if (!path || node.getChild("type")) return "";
  const module = `globalThis.${MODULES}("${textOf(path).slice(1, -1)}")`;
  const group = node.getChild("ImportGroup");
  if (!group) {
    const whole = node.getChild("VariableDefinition");
    return whole ? `const ${textOf(whole)} = ${module};` : `${module};`;
  }
  const names = textOf(group)
    .replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "")
    .slice(1, -1)
    .split(",")
    .map((name) => name.trim().replace(/\s+as\s+/, ": "))
    .filter((name) => name !== "" && !name.startsWith("type "));
  return `const { ${names.join(", ")} } = ${module};`;
}
