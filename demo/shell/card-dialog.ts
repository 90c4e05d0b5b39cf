/** The button that makes a result card, and the dialog that shows it: the picture can be saved, and shared where the browser can. */
import "./card-dialog.css";
import { type Card, drawCard, pngOf } from "./card.ts";
import { element } from "./dom.ts";
import { download } from "./download.ts";

/**
 * Binds a button to a card of what its view shows.
 * @param make Called at each click
 * @param onError Told what went wrong, as a picture that could not be drawn
 */
export function bindCard(
  button: HTMLElement,
  make: () => Card | Promise<Card>,
  onError: (error: unknown) => void,
): void {
  button.addEventListener("click", async () => {
    try {
      await showCard(await make());
    } catch (error) {
      onError(error);
    }
  });
}

async function showCard(card: Card): Promise<void> {
  const png = await pngOf(drawCard(card));
  const file = new File([png], "webgpu-lstm.png", { type: png.type });
  const url = URL.createObjectURL(png);
  const words = [card.title, ...card.figures.map(({ label, value }) => `${label}: ${value}`), card.adapter];
  const button = (name: string, act: () => void, look = "") => {
    const made = element("button", { type: "button", ...(look && { class: look }) }, name);
    made.addEventListener("click", act);
    return made;
  };
  const dialog = element("dialog", { class: "card-dialog", "aria-label": "Result card" });
  const save = button("Save as PNG", () => download(file.name, png, png.type), "primary");
  const share = button("Share…", () => {
    // The visitor may cancel.
    navigator.share({ files: [file], title: card.title, url: card.url }).catch(() => {});
  });
  share.hidden = !navigator.canShare?.({ files: [file] });
  dialog.append(
    element("img", { src: url, alt: words.join(". "), width: "1200", height: "630" }),
    element(
      "div",
      { class: "card-buttons" },
      save,
      share,
      button("Close", () => dialog.close()),
    ),
  );
  dialog.addEventListener("close", () => {
    dialog.remove();
    URL.revokeObjectURL(url);
  });
  document.body.append(dialog);
  dialog.showModal();
}
