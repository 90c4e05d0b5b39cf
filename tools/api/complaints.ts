/** What a reader would miss on a page: a meaning, or a type that says something. */

/** Parts of a signature that say nothing: names that TypeDoc made up, keys that it did not resolve, `this`, a type that is not there. */
const OPAQUE = /__\w+|\b_+: |in string \\?\| number \\?\| symbol\b|\bthis: |: *(?=[,;)])/;

/** One line for each thing without a meaning, and for each signature with an opaque part. */
export function complaints(path: string, text: string): string[] {
  const [front, ...sections] = text.split(/^#{2,3} (?=.*\{#)/m) as [string, ...string[]];
  return [
    ...(path.endsWith("types.md") || words(front) ? [] : [`${path}: no summary`]),
    ...sections.flatMap((section) => {
      const title = section.split(" {#", 1)[0];
      // A heading of options stands over their table alone.
      return /^.*\{#options\}/.test(section) || words(section) ? [] : [`${path}: no summary of ${title}`];
    }),
    ...[...text.matchAll(/^\| (.*?) \|.*\| +\|$/gm)].map(
      ([, name]) => `${path}: no meaning of ${bare(name!)}`,
    ),
    ...[...text.matchAll(/^```ts\n((?:.|\n)*?)^```|^\| [^|]* \| `(.*?)` \|/gm)].flatMap(([, block, type]) => {
      const opaque = OPAQUE.exec(block ?? type!)?.[0];
      return opaque === undefined ? [] : [`${path}: "${opaque}" in ${(block ?? type!).trim()}`];
    }),
  ];
}

/** The text of a section without its heading, its code and its tables. */
function words(section: string): string {
  return section
    .replace(/^---\n.*?^---\n/ms, "")
    .replace(/^```ts\n.*?^```/gms, "")
    .replace(/^(# .*|.*\{#.*\}|\| .* \|)$/gm, "")
    .trim();
}

function bare(cell: string): string {
  return cell.replace(/<[^>]*>/g, "");
}
