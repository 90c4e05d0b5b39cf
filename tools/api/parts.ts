/** Parts of an API page: signatures, tables of options, and what the tags of a comment say. */
import { type Comment, type DeclarationReflection, ReflectionKind, type SignatureReflection } from "typedoc";
import { type Address, inCell, partsText, summary, tagTexts } from "./comment.ts";
import { anchorOf, origin } from "./places.ts";
import { declarationText, memberText, parameterName, typeParameters, typeText } from "./type-text.ts";

/** Paragraphs. */
export function join(...texts: readonly (string | false | undefined)[]): string {
  return texts.filter((text) => text).join("\n\n");
}

export function fence(code: string): string {
  return `\`\`\`ts\n${code}\n\`\`\``;
}

/** A heading with the anchor that links expect. */
export function heading(level: number, text: string, anchor: string): string {
  return `${"#".repeat(level)} ${text} {#${anchor}}`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const code = (text: string) => `\`${text}\``;

/** What the language calls: `Symbol.dispose` says what `dispose` says. */
export function isProtocol({ name }: DeclarationReflection): boolean {
  return /^\[(asyncDispose|dispose|toStringTag)\]$/.test(name);
}

/** Fields and options as a table: name, type, meaning. In a class, whose constructor is given some, each has an anchor. */
export function fields(
  members: readonly DeclarationReflection[],
  address: Address,
  given: ReadonlySet<string> | null = null,
): string {
  const shown = members.filter((member) => !origin(member) && !isProtocol(member));
  const rows = shown.map((member) => {
    const { name, flags } = member;
    const comment = member.comment ?? member.getSignature?.comment ?? member.signatures?.[0]?.comment;
    const type = memberText(member)
      .replace(/^readonly /, "")
      .slice(name.length);
    return [
      (given ? `<span id="${anchorOf(member)}"></span>` : "") +
        code(`${flags.isStatic ? "static " : ""}${name}${flags.isOptional ? "?" : ""}`),
      code(inCell(type.replace(/^\??: /, ""))),
      inCell([summary(comment, address), ...tagTexts(comment, "@returns", address)].join(" ")) ||
        (given?.has(name) ? "As given to the constructor." : ""),
    ];
  });
  return table(["name", "type", "meaning"], rows);
}

/** A method's or a function's section: signature, meaning, operands, result, errors, example. */
export function callable(
  member: DeclarationReflection,
  level: number,
  prefix: string,
  address: Address,
): string {
  const signatures = member.signatures ?? [];
  const [first] = signatures;
  const marks = member.flags.isStatic ? "static " : member.flags.isProtected ? "protected " : "";
  const name = member.name.replace(/^\[/, "[Symbol.");
  const texts = signatures.map((signature) => declarationText(marks + prefix + name, signature));
  return join(
    heading(level, `${prefix}${name}`, anchorOf(member)),
    fence(texts.join("\n")),
    first && said(first, address),
  );
}

/** What a signature's comment says. */
export function said(signature: SignatureReflection, address: Address): string {
  const { comment, parameters = [] } = signature;
  const operands = parameters
    .map((one) => [parameterName(one), partsText(one.comment?.summary, address)] as const)
    .filter(([, text]) => text !== "");
  return join(
    summary(comment, address),
    table(
      ["operand", "meaning"],
      operands.map(([name, text]) => [code(name), inCell(text)]),
    ),
    tags(comment, address),
  );
}

/** Returns, throws, see and example. */
function tags(comment: Comment | undefined, address: Address): string {
  const labelled = (tag: `@${string}`, label: string) =>
    tagTexts(comment, tag, address).map((text) => `**${label}** ${text}`);
  return join(
    ...tagTexts(comment, "@remarks", address),
    ...labelled("@returns", "Returns"),
    ...labelled("@throws", "Throws"),
    ...labelled("@see", "See"),
    examples(comment, address),
  );
}

export function examples(comment: Comment | undefined, address: Address): string {
  const texts = tagTexts(comment, "@example", address);
  return join(texts.length > 0 && "**Example**", ...texts);
}

/** An interface, a type or a constant. */
export function declared(member: DeclarationReflection, level: number, address: Address): string {
  const parameters = typeParameters(member);
  const { children = [], kind, name, type } = member;
  const inner = children.length > 0 ? children : objectMembers(member);
  return join(
    heading(level, name, anchorOf(member)),
    kind === ReflectionKind.Interface
      ? fence(`interface ${name}${parameters}${extended(member)}`)
      : inner.length === 0 &&
          fence(
            `${kind === ReflectionKind.Variable ? "const" : "type"} ${name}${parameters}${
              kind === ReflectionKind.Variable ? ": " : " = "
            }${typeText(type)}`,
          ),
    summary(member.comment, address),
    fields(inner, address),
    tags(member.comment, address),
  );
}

function extended({ extendedTypes = [] }: DeclarationReflection): string {
  return extendedTypes.length > 0 ? ` extends ${extendedTypes.map(typeText).join(", ")}` : "";
}

function objectMembers({ type }: DeclarationReflection): readonly DeclarationReflection[] {
  return type?.type === "reflection" && !type.declaration.signatures ? (type.declaration.children ?? []) : [];
}
