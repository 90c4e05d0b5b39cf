/** Files dropped anywhere on the page go to the view that is shown. Without this, a browser opens them and leaves the page. */
import { setText } from "./dom.ts";
import type { View } from "./view.ts";

const hasFiles = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes("Files") ?? false;

/**
 * @param shown The view that is shown, if it is built
 * @param note Says, in a live region, that a view takes no file
 */
export function takeDrops(shown: () => View | undefined, note: HTMLElement): void {
  const { body } = document;
  addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return; // a selected text may go into a field
    event.preventDefault();
    body.classList.toggle("dragging", shown()?.drop !== undefined);
  });
  addEventListener("dragleave", ({ relatedTarget }) => {
    if (relatedTarget === null) body.classList.remove("dragging");
  });
  addEventListener("drop", (event) => {
    body.classList.remove("dragging");
    // A view's own place may have taken it.
    if (!hasFiles(event) || event.defaultPrevented) return;
    event.preventDefault();
    const view = shown();
    if (view?.drop) {
      setText(note, "");
      view.drop([...event.dataTransfer!.files]);
    } else {
      setText(
        note,
        "This view takes no file here: models go into Inspect, CSV files into Forecast, sound into Stream.",
      );
    }
  });
}
