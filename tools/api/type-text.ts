/** Types and signatures as one writes them in TypeScript. */
import {
  type DeclarationReflection,
  type ParameterReflection,
  ReflectionKind,
  type SignatureReflection,
  type SomeType,
} from "typedoc";

/** Types that must stand in parentheses before `[]`. */
const LOOSE: ReadonlySet<string> = new Set(["union", "intersection", "conditional", "typeOperator", "query"]);

/** A type's text; nothing for a type that is not known. */
export function typeText(type: SomeType | undefined): string {
  if (!type) return "";
  const all = (types: readonly SomeType[] = []) => types.map(typeText);
  switch (type.type) {
    case "array":
      return `${tight(type.elementType)}[]`;
    case "conditional": {
      const [check, bound, yes, no] = all([type.checkType, type.extendsType, type.trueType, type.falseType]);
      return `${check} extends ${bound} ? ${yes} : ${no}`;
    }
    case "indexedAccess":
      return `${tight(type.objectType)}[${typeText(type.indexType)}]`;
    case "intersection":
      return all(type.types).join(" & ");
    case "union":
      return type.types.map((one) => (isFunction(one) ? `(${typeText(one)})` : typeText(one))).join(" | ");
    case "mapped": {
      const name = `${type.parameter} in ${typeText(type.parameterType)}`;
      const as = type.nameType ? ` as ${typeText(type.nameType)}` : "";
      const optional = { "+": "?", "-": "-?", "": "" }[type.optionalModifier ?? ""];
      return `{ ${type.readonlyModifier ? "readonly " : ""}[${name}${as}]${optional}: ${typeText(type.templateType)} }`;
    }
    case "namedTupleMember":
      return `${type.name}${type.isOptional ? "?" : ""}: ${typeText(type.element)}`;
    case "optional":
      return `${tight(type.elementType)}?`;
    case "reference": {
      const given = all(type.typeArguments);
      // What an iterable returns and takes beside its values, which nobody writes.
      if (/Itera(ble|tor)$/.test(type.name)) while (given.at(-1) === "any") given.pop();
      return type.name + (given.length > 0 ? `<${given.join(", ")}>` : "");
    }
    case "reflection":
      return literal(type.declaration);
    case "rest":
      return `...${typeText(type.elementType)}`;
    case "tuple":
      return `[${all(type.elements).join(", ")}]`;
    case "typeOperator":
      return `${type.operator} ${tight(type.target)}`;
    default:
      return type.toString();
  }
}

/** A signature after its name: `<T>(a: A, b?: B): C`. Arguments too many, which throw, are left out, and `this`. */
function signatureText(
  signature: SignatureReflection,
  between = ": ",
  list = listed(signature).join(", "),
): string {
  const { type } = signature;
  const made = signature.kind === ReflectionKind.ConstructorSignature && between === ": ";
  return `${typeParameters(signature)}(${list})${made ? "" : between + typeText(type)}`;
}

/** Longest signature in one line. */
const WIDTH = 66;

/** A declaration of its own: a long one has a line for each parameter. */
export function declarationText(name: string, signature: SignatureReflection): string {
  const line = name + signatureText(signature);
  const parameters = listed(signature);
  if (line.length <= WIDTH || parameters.length === 0) return line;
  return name + signatureText(signature, ": ", `\n${parameters.map((one) => `  ${one},\n`).join("")}`);
}

function listed({ parameters = [] }: SignatureReflection): string[] {
  return parameters
    .filter(({ name, type, flags }) => !(flags.isRest && name === "more" && typeText(type) === "never[]"))
    .filter(({ name }) => name !== "this")
    .map(parameterText);
}

/** A parameter's name, also of one that is not used; one that is taken apart at once is named by its type. */
export function parameterName({ name, type }: ParameterReflection): string {
  if (name !== "__namedParameters") return name.replace(/^_(?=[a-z])/, "");
  return /Options$/.test(typeText(type)) ? "options" : "value";
}

/** `name?: Type`. A default that says something stands behind it. */
function parameterText(parameter: ParameterReflection): string {
  const { type, flags, defaultValue } = parameter;
  const name = parameterName(parameter);
  const shown =
    defaultValue && !/^(\{\}|undefined|\.\.\.|[A-Z_]+)$/.test(defaultValue) ? ` = ${defaultValue}` : "";
  const optional = flags.isOptional || (defaultValue !== undefined && shown === "");
  return `${flags.isRest ? "..." : ""}${name}${optional ? "?" : ""}: ${typeText(type)}${shown}`;
}

/** `<T extends A = B>` of a signature, a class or a type; nothing without parameters. */
export function typeParameters({
  typeParameters: parameters = [],
}: SignatureReflection | DeclarationReflection): string {
  if (parameters.length === 0) return "";
  const texts = parameters.map(({ name, type, default: value }) => {
    const bound = type ? ` extends ${typeText(type)}` : "";
    return `${name}${bound}${value ? ` = ${typeText(value)}` : ""}`;
  });
  return `<${texts.join(", ")}>`;
}

/** A member of an object: `readonly name?: Type` or `name(a: A): B`. */
export function memberText(member: DeclarationReflection): string {
  const { name, flags, signatures, type } = member;
  if (signatures) return signatures.map((signature) => name + signatureText(signature)).join("; ");
  const shown = type ?? member.getSignature?.type;
  return `${flags.isReadonly ? "readonly " : ""}${name}${flags.isOptional ? "?" : ""}: ${typeText(shown)}`;
}

function literal(declaration: DeclarationReflection): string {
  const { signatures, children = [], indexSignatures = [] } = declaration;
  if (signatures?.[0]) {
    const made = signatures[0].name === "__type" ? "" : "new ";
    return made + signatureText(signatures[0], " => ");
  }
  const members = [
    ...indexSignatures.map((one) => `[${one.parameters!.map(parameterText)}]: ${typeText(one.type)}`),
    ...children.map(memberText),
  ];
  return members.length === 0 ? "{}" : `{ ${members.join("; ")} }`;
}

function isFunction(type: SomeType): boolean {
  return type.type === "reflection" && type.declaration.signatures !== undefined;
}

function tight(type: SomeType): string {
  return LOOSE.has(type.type) || isFunction(type) ? `(${typeText(type)})` : typeText(type);
}
