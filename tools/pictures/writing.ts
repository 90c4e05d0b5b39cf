/** A text that writes itself, each character in the colour of a unit: an SVG for light and dark pages, still where motion is unwanted. */

export interface Coloured {
  readonly character: string;
  /** Its colour on a light page and on a dark one, in CSS. */
  readonly light: string;
  readonly dark: string;
}

const COLUMNS = 64;
const ROWS = 8;
const [CELL, LINE, MARGIN] = [10, 26, 14];
/** Characters a second. */
const SPEED = 20;
/** The finished text stays for so long, in seconds. */
const REST = 4;

/** The picture of a text's first lines. */
export function writingPicture(written: readonly Coloured[]): string {
  if (written.length === 0)
    throw new Error("writingPicture: there is no text; has the Text view written any?");
  const lines = wrap(written);
  const seconds = lines.flat().length / SPEED + REST;
  const [width, height] = [COLUMNS * CELL + 2 * MARGIN, lines.length * LINE + 2 * MARGIN];
  const darkClasses = new Map<string, string>();
  let at = 0;
  const cells = lines.flatMap((line, row) =>
    line.map((index, column) => {
      const [x, y] = [MARGIN + column * CELL, MARGIN + row * LINE];
      const { character, light, dark } = written[index]!;
      const name = darkClasses.get(dark) ?? `d${darkClasses.size}`;
      darkClasses.set(dark, name);
      const letter =
        character.trim() && `<text x="${x + CELL / 2}" y="${y + 18}">${escaped(character)}</text>`;
      const place = `x="${x}" y="${y}" width="${CELL}" height="${LINE - 2}"`;
      return `<g style="--n:${(at++ / SPEED).toFixed(2)}s"><rect class="${name}" ${place} fill="${light}"/>${letter}</g>`;
    }),
  );
  const rules = [...darkClasses].map(([colour, name]) => `.${name}{fill:${colour}}`).join("");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="A text that a network writes, each character in the colour of one hidden unit">
<style>
.page{fill:#fff}text{font:16px ui-monospace,Menlo,Consolas,monospace;text-anchor:middle;fill:#1c2128}
@keyframes write{0%{opacity:0}0.01%,97%{opacity:1}100%{opacity:0}}
@media (prefers-reduced-motion:no-preference){g{opacity:0;animation:write ${seconds.toFixed(1)}s var(--n) infinite}}
@media (prefers-color-scheme:dark){.page{fill:#16181d}text{fill:#e6e8eb}${rules}}
</style>
<rect class="page" width="${width}" height="${height}" rx="8"/>
${cells.join("\n")}
</svg>
`;
}

/** Indices of the characters of each line. A line ends at a space or a line break; what does not fit is left out. */
function wrap(text: readonly Coloured[]): number[][] {
  const lines: number[][] = [[]];
  const word: number[] = [];
  const put = () => {
    if (lines.at(-1)!.length + word.length > COLUMNS && word.length <= COLUMNS) lines.push([]);
    for (const index of word.splice(0)) {
      if (lines.at(-1)!.length === COLUMNS) lines.push([]);
      lines.at(-1)!.push(index);
    }
  };
  for (const [index, { character }] of text.entries()) {
    word.push(index);
    if (character === "\n") {
      word.pop();
      put();
      lines.push([]);
    } else if (character === " ") put();
  }
  put();
  return lines.slice(0, ROWS);
}

function escaped(character: string): string {
  return character.replace(/[<&]/, (found) => ({ "<": "&lt;", "&": "&amp;" })[found]!);
}
