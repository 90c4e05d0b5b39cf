/** Copying text and links to the clipboard, which a browser may refuse. */
import { setText } from "./dom.ts";

/** Copies a text; returns whether the browser allowed it. */
export async function copyText(text: string): Promise<boolean> {
  try {
    // An insecure page has no clipboard.
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** Copies an address, and says so in a live region, or shows the address there. */
export async function copyLink(url: string, note: HTMLElement): Promise<void> {
  const copied = await copyText(url);
  // Emptied first, so that a screen reader reads it again.
  setText(note, "");
  setText(note, copied ? "The link is copied." : `The browser does not let this page copy: ${url}`);
}
