/** What went wrong, in words that say what a visitor can do about it. */
import { DeviceLostError, NoAdapterError, WebGpuUnavailableError } from "webgpu-lstm";

interface Notice {
  readonly title: string;
  readonly advice: string;
}

/** The message for an error, whether it comes from the library or not. */
export function noticeOf(error: unknown): Notice {
  if (error instanceof WebGpuUnavailableError) {
    return {
      title: "This browser has no WebGPU",
      advice: window.isSecureContext
        ? "The model trains on the GPU through WebGPU, which this browser lacks or has switched off. Use a current Chrome, Edge, Firefox or Safari."
        : "Browsers offer WebGPU only on https:// pages and on localhost. Open this page over one of those.",
    };
  }
  if (error instanceof NoAdapterError) {
    return {
      title: "WebGPU found no adapter",
      advice:
        "The browser knows WebGPU but offers no GPU, often because graphics acceleration is switched off or the driver is blocked. Switch it on in the browser's settings and reload; in Chrome, chrome://gpu says why.",
    };
  }
  if (error instanceof DeviceLostError) {
    return {
      title: "The GPU device was lost",
      advice:
        "The driver was reset or the GPU went away, and the model in its memory with it. Reload the page to start again; a smaller model may help if it happens again.",
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { title: "Something went wrong", advice: message };
}

/** Shows the message for `error` at the top of the page (a live region), or hides it with `undefined`. */
export function showNotice(error: unknown): void {
  const element = document.getElementById("notice")!;
  element.hidden = error === undefined;
  if (error === undefined) {
    element.replaceChildren();
    return;
  }
  const { title, advice } = noticeOf(error);
  const strong = document.createElement("strong");
  strong.textContent = title;
  element.replaceChildren(strong, advice);
}
