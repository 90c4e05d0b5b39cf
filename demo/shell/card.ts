/** A result as a picture to pass on: a PNG of 1200 × 630 in the page's theme, with a chart and two or three numbers. */
import { colour } from "./chart.ts";

export interface Card {
  /** What was done: "CO₂ over Mauna Loa, a year ahead". */
  readonly title: string;
  /** A chart of the view: its `cardPicture()`, or {@link svgPicture}. */
  readonly picture: HTMLCanvasElement | HTMLImageElement;
  /** Two or three numbers. */
  readonly figures: readonly { readonly label: string; readonly value: string }[];
  /** The adapter's name. */
  readonly adapter: string;
  /** Where the same is shown. */
  readonly url: string;
}

const WIDTH = 1200;
const HEIGHT = 630;
const MARGIN = 56;
const INNER = WIDTH - 2 * MARGIN;

/** The place of the picture. */
const TOP = 128;
const PICTURE_HEIGHT = 300;

/** The least size of a text that is too long, as a share of its usual size. */
const SMALLEST = 0.6;

/** A line of text: where, how wide at most, how large. */
interface Line {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly size: number;
  readonly ink: string;
  readonly weight?: number;
  readonly right?: boolean;
}

/** Draws a card in the page's theme. */
export function drawCard({ title, picture, figures, adapter, url }: Card): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const context = canvas.getContext("2d")!;
  const [ink, soft, accent] = [colour("ink"), colour("soft"), colour("accent")];
  context.fillStyle = colour("card");
  context.fillRect(0, 0, WIDTH, HEIGHT);
  context.fillStyle = accent;
  context.fillRect(0, 0, WIDTH, 8);
  write(context, title, { x: MARGIN, y: 84, width: INNER - 220, size: 40, weight: 700, ink });
  const right = { x: WIDTH - MARGIN, right: true };
  write(context, "webgpu-lstm", { ...right, y: 84, width: 200, size: 26, weight: 700, ink: accent });
  drawInside(context, picture);
  const width = INNER / Math.max(1, figures.length) - 24;
  for (const [i, { label, value }] of figures.entries()) {
    const x = MARGIN + i * (width + 24);
    write(context, value, { x, y: 502, width, size: 44, weight: 700, ink });
    write(context, label, { x, y: 536, width, size: 22, ink: soft });
  }
  const foot = { y: 594, width: INNER / 2 - 12, size: 20, ink: soft };
  write(context, adapter, { ...foot, x: MARGIN });
  write(context, url.replace(/^https?:\/\//, ""), { ...foot, ...right });
  return canvas;
}

/** Writes a text on one line, smaller if it is long, and cut if it is very long. */
function write(context: CanvasRenderingContext2D, text: string, line: Line): void {
  const { x, y, width, size, ink, weight = 400, right = false } = line;
  const setSize = (size: number) => {
    context.font = `${weight} ${size}px system-ui, sans-serif`;
  };
  setSize(size);
  const needed = context.measureText(text).width;
  if (needed > width) setSize(Math.max(SMALLEST * size, (size * width) / needed));
  context.fillStyle = ink;
  context.textAlign = right ? "right" : "left";
  context.fillText(clip(context, text, width), x, y);
}

/** Draws the picture as large as its place allows, in the middle. */
function drawInside(context: CanvasRenderingContext2D, picture: Card["picture"]): void {
  const scale = Math.min(INNER / picture.width, PICTURE_HEIGHT / picture.height);
  const [width, height] = [picture.width * scale, picture.height * scale];
  const [x, y] = [MARGIN + (INNER - width) / 2, TOP + (PICTURE_HEIGHT - height) / 2];
  context.drawImage(picture, x, y, width, height);
}

/** A text as far as it fits, with an ellipsis where it was cut. */
function clip(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let length = text.length;
  while (length > 1 && context.measureText(`${text.slice(0, length)}…`).width > width) length--;
  return `${text.slice(0, length).trimEnd()}…`;
}

/** The picture of an `svg` in the page's colours, which a picture cannot read from the page. */
export async function svgPicture(svg: SVGElement): Promise<HTMLImageElement> {
  const copy = svg.cloneNode(true) as SVGElement;
  copy.setAttribute("font-family", "system-ui, sans-serif");
  const text = new XMLSerializer()
    .serializeToString(copy)
    .replace(/var\(--([\w-]+)\)/g, (_, name: string) => colour(name));
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(text)}`;
  await image.decode();
  return image;
}

export function pngOf(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the picture was not made"))));
  });
}
