/** Copying text and links to the clipboard, which a browser may refuse. */
import { setText } from "./dom.ts";
import { count } from "./format.ts";

/** What a visitor should know of a link. */
export interface LinkContents {
  /** The data in it: "200 rows". */
  readonly holds?: string;
  /** A sentence about what it does not have. */
  readonly lacks?: string;
}

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

/** Copies an address; returns what to say of it, with the address itself if the browser refuses. */
export async function copyLink(url: string, { holds, lacks }: LinkContents = {}): Promise<string> {
  if (await copyText(url)) {
    const copied = `The link is copied${holds ? `: ${count(url.length)} letters with ${holds}` : ""}.`;
    return lacks ? `${copied} ${lacks}` : copied;
  }
  const refused = `The browser does not let this page copy the link${holds ? ` with ${holds}` : ""}: ${url}`;
  return lacks ? `${lacks} ${refused}` : refused;
}

/** Says a text in a live region, also if the region has it already: it is emptied first, so that a screen reader reads it again. */
export function announce(region: HTMLElement, text: string): void {
  setText(region, "");
  setText(region, text);
}
