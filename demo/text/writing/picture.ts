/** A picture of the written text in a unit's colours, for the result card. */
import { colour } from "../../shell/chart.ts";

const WIDTH = 1088;
const HEIGHT = 300;
const SIZE = 30;
const LINE = 46;

/** A character, and its shade from −1 to 1. */
export interface Shaded {
  readonly character: string;
  readonly shade: number;
}

/** Draws the last lines of a text. */
export function pictureOf(text: readonly Shaded[]): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const context = canvas.getContext("2d")!;
  context.font = `${SIZE}px Georgia, "Times New Roman", serif`;
  const lines = linesOf(
    text,
    (part) => context.measureText(part.map(({ character }) => character).join("")).width,
  );
  const [low, high, ink] = [colour("heat-low"), colour("heat-high"), colour("ink")];
  for (const [row, line] of lines.slice(-Math.floor(HEIGHT / LINE)).entries()) {
    let x = 0;
    for (const { character, shade } of line) {
      const { width } = context.measureText(character);
      context.globalAlpha = 0.45 * Math.min(1, Math.abs(shade));
      context.fillStyle = shade < 0 ? low : high;
      context.fillRect(x, row * LINE, width, LINE - 6);
      context.globalAlpha = 1;
      context.fillStyle = ink;
      context.fillText(character, x, row * LINE + SIZE);
      x += width;
    }
  }
  return canvas;
}

/** Breaks after spaces, where a line is full. */
function linesOf(text: readonly Shaded[], width: (part: readonly Shaded[]) => number): Shaded[][] {
  const lines: Shaded[][] = [[]];
  let word: Shaded[] = [];
  const put = () => {
    const line = lines.at(-1)!;
    if (line.length > 0 && width([...line, ...word]) > WIDTH) lines.push(word);
    else line.push(...word);
    word = [];
  };
  for (const shaded of text) {
    if (shaded.character === "\n") {
      put();
      lines.push([]);
      continue;
    }
    word.push(shaded);
    if (shaded.character === " ") put();
  }
  put();
  return lines;
}
