/** The API's pages: one for each class, one for each entry or namespace with its functions, one for its types. */
import { posix } from "node:path";
import {
  type DeclarationReflection,
  type ParameterReflection,
  type ProjectReflection,
  type Reflection,
  ReflectionKind,
  type SignatureReflection,
} from "typedoc";
import { type Address, firstSentence, inCell, summary } from "./comment.ts";
import {
  callable,
  declared,
  examples,
  fence,
  fields,
  heading,
  isProtocol,
  join,
  said,
  table,
} from "./parts.ts";
import { address, members, origin, type Place, placesOf, type Scope, scopesOf } from "./places.ts";
import { declarationText } from "./type-text.ts";

/** A group of VitePress's sidebar. */
interface SidebarGroup {
  readonly text: string;
  readonly items: readonly { readonly text: string; readonly link: string }[];
}

export interface ApiPages {
  /** Markdown by path. */
  readonly pages: ReadonlyMap<string, string>;
  /** Groups by the folder for whose pages they are: where one can go, then what is there. */
  readonly sidebars: Readonly<Record<string, readonly SidebarGroup[]>>;
}

/** All pages of a project, and the sidebars that lead to them, for pages at `root`. */
export function apiPages(project: ProjectReflection, root: string): ApiPages {
  const scopes = scopesOf(project);
  const place = placesOf(scopes);
  const pages = new Map<string, string>();
  const entries = scopes.map(({ title, entry, prefix, folder }) => ({
    text: prefix && entry.includes("/") ? folder.replaceAll("/", ".") : title,
    link: posix.join(root, folder, "/"),
  }));
  const sidebars = scopes.map((scope) => {
    const write = (page: string, content: (to: Address) => string) => {
      const to = (reflection: Reflection) => {
        const found: Place | null = place(reflection);
        return found && address(found, page);
      };
      pages.set(page, `${content(to)}\n`);
      return root + page.replace(/(index)?\.md$/, (_, index) => (index ? "" : ".html"));
    };
    const path = (name: string) => posix.join(scope.folder, `${name}.md`);
    const types = members(scope.reflection).filter(isType);
    write(path("index"), (to) => scopePage(scope, scopes, to));
    const item = (one: DeclarationReflection) => ({
      text: one.name,
      link: write(path(one.name), (to) => classPage(scope, one, to)),
    });
    const groups = GROUPS.map((text) => ({
      text: text === "Classes" ? scope.title : text,
      items: classesOf(scope, text).map(item),
    }));
    if (types.length > 0) {
      const link = write(path("types"), (to) => typesPage(scope, types, to));
      groups.push({ text: "Types", items: [{ text: `Types of ${scope.title}`, link }] });
    }
    const shown = groups.filter(({ items }) => items.length > 0);
    return [posix.join(root, scope.folder, "/"), [{ text: "API", items: entries }, ...shown]] as const;
  });
  return { pages, sidebars: Object.fromEntries(sidebars) };
}

/** Headings under which classes are listed. */
const GROUPS = ["Classes", "Losses", "Errors"] as const;

function classesOf({ reflection }: Scope, group: (typeof GROUPS)[number]): DeclarationReflection[] {
  const groupOf = (name: string) =>
    GROUPS.find((one) => name.endsWith(one === "Losses" ? "Loss" : one.slice(0, -1))) ?? "Classes";
  return members(reflection)
    .filter(({ kind, name }) => kind === ReflectionKind.Class && groupOf(name) === group)
    .sort((a, b) => a.name.localeCompare(b.name));
}

function isType({ kind }: DeclarationReflection): boolean {
  return (kind & (ReflectionKind.Interface | ReflectionKind.TypeAlias | ReflectionKind.Variable)) !== 0;
}

function front(title: string, levels: string): string {
  return `---\ntitle: ${title}\noutline: ${levels}\npageClass: api\n---\n\n# ${title}`;
}

/** How a name is imported: a namespace by its first word. */
function importLine({ prefix, entry }: Scope, name: string): string {
  return `import { ${prefix ? prefix.split(".")[0] : name} } from "${entry}";`;
}

function classPage(scope: Scope, one: DeclarationReflection, to: Address): string {
  const name = scope.prefix + one.name;
  const own = (one.children ?? []).filter((member) => !origin(member) && isForUsers(one, member));
  // A layer without operands has Module's constructor.
  const constructors = (one.children ?? []).filter(({ kind }) => kind === ReflectionKind.Constructor);
  const [first, ...others] = constructors.find((each) => isForUsers(one, each))?.signatures ?? [];
  const methods = own.filter(({ kind }) => kind === ReflectionKind.Method);
  const values = own.filter(({ kind }) => (kind & (ReflectionKind.Property | ReflectionKind.Accessor)) !== 0);
  const made = first ? [first, ...others] : [];
  const create = made.map((signature) => declarationText(`new ${name}`, signature));
  const forward = methods.find((method) => method.name === "forward");
  return join(
    front(name, "2"),
    fence([importLine(scope, one.name), "", ...create].join("\n").trim()),
    summary(one.comment, to),
    examples(one.comment, to),
    first && said(first, to),
    forward && callable(forward, 2, "", to),
    ...(first ? optionsOf(first, to) : []),
    values.length > 0 && join("## Properties", fields(values, to, givenNames(first))),
    ...methods.filter((method) => method !== forward).map((method) => callable(method, 2, "", to)),
    inheritedLine(one, to),
  );
}

/** Protected members are for whom a class is made to be extended. */
function isForUsers(parent: DeclarationReflection, member: DeclarationReflection): boolean {
  return !isProtocol(member) && (!member.flags.isProtected || parent.flags.isAbstract);
}

/** Names of a constructor's operands and options. */
function givenNames(signature: SignatureReflection | undefined): ReadonlySet<string> {
  const options = (signature?.parameters ?? []).flatMap((one) => optionsIn(one)?.children ?? []);
  return new Set([...(signature?.parameters ?? []), ...options].map(({ name }) => name));
}

/** A table for each operand that is an interface of options. */
function optionsOf(signature: SignatureReflection, to: Address): string[] {
  return (signature.parameters ?? []).flatMap((one) => {
    const { children = [], name } = optionsIn(one) ?? {};
    return name ? [join(heading(2, name, "options"), fields(children, to))] : [];
  });
}

function optionsIn({ type }: ParameterReflection): DeclarationReflection | null {
  const target = type?.type === "reference" ? type.reflection : undefined;
  const isOptions = target?.kind === ReflectionKind.Interface && /Options$/.test(target.name);
  return isOptions ? (target as DeclarationReflection) : null;
}

/** Links to what a class has from others. */
function inheritedLine(one: DeclarationReflection, to: Address): string {
  const inherited = (one.children ?? []).filter(
    (member) => origin(member) && member.kind !== ReflectionKind.Constructor && isForUsers(one, member),
  );
  const parents = [...new Set(inherited.map((member) => origin(member)!.parent!))];
  return join(
    ...parents.map((parent) => {
      const links = inherited
        .filter((member) => origin(member)!.parent === parent)
        .map((member) => `[\`${member.name}\`](${to(member)})`);
      return join(`## From ${parent.name}`, `[\`${parent.name}\`](${to(parent)}) has ${links.join(", ")}.`);
    }),
  );
}

function scopePage(scope: Scope, scopes: readonly Scope[], to: Address): string {
  const functions = members(scope.reflection).filter(({ kind }) => kind === ReflectionKind.Function);
  const types = members(scope.reflection).filter(isType);
  const list = (listed: readonly DeclarationReflection[]) =>
    table(
      ["name", "meaning"],
      listed.map((one) => [
        `[\`${scope.prefix}${one.name}\`](${to(one)})`,
        inCell(firstSentence(summary(one.comment ?? one.signatures?.[0]?.comment, to))),
      ]),
    );
  const inside = scopes.filter(
    ({ entry, folder }) =>
      folder !== scope.folder &&
      entry === scope.entry &&
      posix.dirname(folder).replace(/^\.$/, "") === scope.folder,
  );
  const others = scope.folder === "" ? scopes.filter(({ prefix, folder }) => prefix === "" && folder) : [];
  return join(
    front(scope.title, "[2, 3]"),
    scope.prefix !== "" && fence(importLine(scope, "")),
    summary(scope.reflection.comment, to),
    scope.folder === "" &&
      "Names, defaults and semantics are PyTorch's: positional operands first, then one object of options in camelCase. An unknown " +
        "option throws. T is the sequence's length, N the batch, I the input's size, H the hidden size, L layers, D directions.",
    section("Other entries", scopeList(others, to)),
    section("Namespaces", scopeList(inside, to)),
    ...GROUPS.map((group) => section(group, list(classesOf(scope, group)))),
    functions.length > 0 &&
      join("## Functions", ...functions.map((one) => callable(one, 3, scope.prefix, to))),
    section("Types", list(types)),
  );
}

function section(title: string, content: string): string {
  return content && join(`## ${title}`, content);
}

function scopeList(scopes: readonly Scope[], to: Address): string {
  return table(
    ["name", "meaning"],
    scopes.map(({ title, reflection }) => [
      `[\`${title}\`](${to(reflection)})`,
      inCell(firstSentence(summary(reflection.comment, to))),
    ]),
  );
}

function typesPage(scope: Scope, types: readonly DeclarationReflection[], to: Address): string {
  return join(front(`Types of ${scope.title}`, "2"), ...types.map((one) => declared(one, 2, to)));
}
