/** Saves a model, and shows the lines that load its file in PyTorch and in this library. */
import "./save-model.css";
import { copyText } from "./copy.ts";
import { element, scrolling } from "./dom.ts";
import { download } from "./download.ts";
import { bytes } from "./format.ts";

export interface SavedModel {
  /** The file's name, with its ending. */
  readonly name: string;
  readonly data: Uint8Array<ArrayBuffer>;
  /** The lines that load the file in PyTorch. */
  readonly python: string;
  /** The lines that load it with this library. */
  readonly javascript: string;
}

/** Downloads the file and fills `place` with the lines that load it. */
export function saveModel({ name, data, python, javascript }: SavedModel, place: HTMLElement): void {
  download(name, data);
  place.replaceChildren(
    element("p", { class: "note", role: "status" }, `Saved ${name}, ${bytes(data.length)}. To load it:`),
    code("In PyTorch", python),
    code("In this library", javascript),
  );
}

function code(title: string, text: string): HTMLElement {
  const copy = element("button", { type: "button", "aria-label": `Copy: ${title}` }, "Copy");
  const pre = element("pre", {}, element("code", {}, text));
  copy.addEventListener("click", async () => {
    const outcome = (await copyText(text)) ? "Copied" : "Not allowed";
    copy.textContent = outcome;
    copy.setAttribute("aria-label", `${outcome}: ${title}`);
  });
  const head = element("div", { class: "code-head" }, element("h3", {}, title), copy);
  return element("div", { class: "code" }, head, scrolling(title, pre));
}
