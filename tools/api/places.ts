/** Where on the site each thing is documented. */
import { dirname, posix } from "node:path";
import { type DeclarationReflection, type ProjectReflection, type Reflection, ReflectionKind } from "typedoc";

/** An entry of the package or a namespace in it: what one imports from. */
export interface Scope {
  /** As in `nn.init`; an entry's name for the things that it exports itself. */
  readonly title: string;
  /** Comes before a name: `nn.init.`, or nothing. */
  readonly prefix: string;
  readonly entry: string;
  /** Folder of its pages, below that of all of them; `""` is that one. */
  readonly folder: string;
  readonly reflection: DeclarationReflection;
}

/** A page and a heading on it. */
export interface Place {
  readonly page: string;
  readonly anchor: string;
}

const PACKAGE = "webgpu-lstm";
const GROUPS = ReflectionKind.Namespace | ReflectionKind.Module;

/** Every entry with its namespaces behind it. */
export function scopesOf(project: ProjectReflection): Scope[] {
  const nameOf = ({ name }: DeclarationReflection) => name.replace(/(^|\/)index$/, "");
  const entries = [...(project.children ?? [])].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  return entries.flatMap((reflection) => {
    const name = nameOf(reflection);
    const entry = posix.join(PACKAGE, name);
    return [
      { title: entry, prefix: "", entry, folder: name, reflection },
      ...namespacesOf(reflection, entry, name, ""),
    ];
  });
}

function namespacesOf(parent: DeclarationReflection, entry: string, folder: string, prefix: string): Scope[] {
  return members(parent)
    .filter(({ kind }) => kind === ReflectionKind.Namespace)
    .sort((a, b) => rank(a) - rank(b))
    .flatMap((reflection) => {
      const inside = posix.join(folder, reflection.name);
      const title = prefix + reflection.name;
      const own = { title, prefix: `${title}.`, entry, folder: inside, reflection };
      return [own, ...namespacesOf(reflection, entry, inside, own.prefix)];
    });
}

/** What most people look for comes first. */
function rank({ name }: DeclarationReflection): number {
  const place = ["nn", "optim", "data"].indexOf(name);
  return place === -1 ? 9 : place;
}

/** What is declared in a scope; not what is only exported there once more. */
export function members({ children = [] }: DeclarationReflection): DeclarationReflection[] {
  return children.filter(({ kind }) => kind !== ReflectionKind.Reference);
}

/** The member of a documented class that a class or an interface has this one from, also through classes that are not documented. */
export function origin(member: DeclarationReflection): DeclarationReflection | null {
  const id = member.inheritedFrom && member.project.getSymbolIdFromReflection(member);
  if (!id) return null;
  const [parent] = id.qualifiedName.split(".");
  const declared = member.project
    .getReflectionsByKind(ReflectionKind.Class)
    .find(
      (one) => one.name === parent && one.project.getSymbolIdFromReflection(one)?.fileName === id.fileName,
    );
  if (!declared || declared === member.parent) return null;
  const { children = [] } = declared as DeclarationReflection;
  return children.find((one) => one.name === member.name && !one.inheritedFrom) ?? null;
}

/** Finds the place of anything that comments and types name; null for what has none. */
export function placesOf(scopes: readonly Scope[]): (reflection: Reflection) => Place | null {
  const folders = new Map<Reflection, string>(scopes.map(({ reflection, folder }) => [reflection, folder]));
  return function place(reflection) {
    for (let at: Reflection | undefined = reflection; at?.parent; at = at.parent) {
      if (at.isReference()) at = at.getTargetReflectionDeep();
      if (at.kindOf(GROUPS)) return { page: posix.join(folders.get(at)!, "index.md"), anchor: "" };
      const inherited = at.isDeclaration() ? origin(at) : null;
      if (inherited) return place(inherited);
      const parent: Reflection = at.parent!;
      const inClass = parent.kindOf(ReflectionKind.Class) && parent.parent && folders.has(parent.parent);
      if (inClass && !at.isTypeParameter())
        return { page: posix.join(folders.get(parent.parent!)!, `${parent.name}.md`), anchor: anchorOf(at) };
      const folder = folders.get(parent);
      if (folder === undefined) continue;
      if (at.kindOf(ReflectionKind.Class)) return { page: posix.join(folder, `${at.name}.md`), anchor: "" };
      const page = at.kindOf(ReflectionKind.FunctionOrMethod) ? "index.md" : "types.md";
      return { page: posix.join(folder, page), anchor: anchorOf(at) };
    }
    return null;
  };
}

/** A heading's anchor. A class may have a static and another member of one name. */
export function anchorOf({ name, flags }: Reflection): string {
  const word = name.replace(/^\[(.*)\]$/, "symbol-$1");
  return flags.isStatic ? `static-${word}` : word;
}

/** The address of a place as written on a page. */
export function address({ page, anchor }: Place, from: string): string {
  const path = page === from ? "" : posix.relative(dirname(from), page).replace(/^(?!\.)/, "./");
  return anchor ? `${path}#${anchor}` : path || `./${posix.basename(page)}`;
}
