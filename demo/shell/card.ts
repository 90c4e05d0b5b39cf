/** A result as a picture to pass on: a PNG of 1200 × 630 in the page's theme, with a chart and two or three numbers. */
import { colour } from "./chart.ts";

export interface Card {
  /** What was done: "CO₂ over Mauna Loa, a year ahead". */
  readonly title: string;
  /** A chart of the view; see {@link svgPicture} for one that is no canvas. */
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

const font = (size: number, weight = 400) => `${weight} ${size}px system-ui, sans-serif`;

/** Draws a card in the page's theme. */
export function drawCard({ title, picture, figures, adapter, url }: Card): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const context = canvas.getContext("2d")!;
  const write = (text: string, x: number, y: number, width: number, style: string, ink: string) => {
    context.font = style;
    context.fillStyle = ink;
    context.fillText(clip(context, text, width), x, y);
  };
  const [ink, soft, accent] = [colour("ink"), colour("soft"), colour("accent")];
  context.fillStyle = colour("card");
  context.fillRect(0, 0, WIDTH, HEIGHT);
  context.fillStyle = accent;
  context.fillRect(0, 0, WIDTH, 8);
  write(title, MARGIN, 84, INNER - 260, font(40, 700), ink);
  context.textAlign = "right";
  write("webgpu-lstm", WIDTH - MARGIN, 84, 240, font(26, 700), accent);
  context.textAlign = "left";
  drawInside(context, picture);
  const column = INNER / Math.max(1, figures.length);
  for (const [i, { label, value }] of figures.entries()) {
    const x = MARGIN + i * column;
    write(value, x, 502, column - 24, font(44, 700), ink);
    write(label, x, 536, column - 24, font(22), soft);
  }
  write(adapter, MARGIN, 594, INNER / 2 - 12, font(20), soft);
  context.textAlign = "right";
  write(url.replace(/^https?:\/\//, ""), WIDTH - MARGIN, 594, INNER / 2 - 12, font(20), soft);
  return canvas;
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
