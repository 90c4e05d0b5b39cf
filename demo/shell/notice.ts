/** Messages about errors, which say what a visitor can do about them. */
import { DeviceLostError, NoAdapterError, WebGpuUnavailableError } from "webgpu-lstm";

/** A title, and what the visitor can do about it. */
export interface Notice {
  readonly title: string;
  readonly advice: string;
}

/** Whether an error is of a class of the library, perhaps of a worker, from which only its name has come. */
const is = (error: unknown, Class: typeof NoAdapterError, name: string) =>
  error instanceof Class || (error instanceof Error && error.name === name);

/** The message for an error of the library or any other error. */
export function noticeOf(error: unknown): Notice {
  if (is(error, WebGpuUnavailableError, "WebGpuUnavailableError")) {
    return window.isSecureContext
      ? {
          title: "This browser has no WebGPU",
          advice:
            "The model trains on the GPU through WebGPU, which this browser lacks or has switched off. Use a current Chrome, Edge, Firefox or Safari.",
        }
      : {
          title: "This page was not opened over https",
          advice: `Browsers offer WebGPU only on https:// pages and on localhost, and this one is at ${location.origin}. Open this page over one of those; the browser may well have WebGPU.`,
        };
  }
  if (is(error, NoAdapterError, "NoAdapterError")) {
    return {
      title: "WebGPU found no adapter",
      advice:
        "The browser knows WebGPU but offers no GPU, often because graphics acceleration is switched off or the driver is blocked. Switch it on in the browser's settings and reload; in Chrome, chrome://gpu says why.",
    };
  }
  if (is(error, DeviceLostError, "DeviceLostError")) {
    return {
      title: "The GPU device was lost",
      advice:
        "The driver was reset or the GPU went away, and the model in its memory with it. Reload the page to start again; a smaller model may help if it happens again.",
    };
  }
  if (error instanceof TypeError && /import(ed|ing)\b.*\bmodule|module.*\bimport/i.test(error.message)) {
    return {
      title: "A part of this page could not be loaded",
      advice:
        "The connection may be interrupted. What was shown before still works; reload the page once you are online to load the rest.",
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { title: "Something went wrong", advice: message };
}

/** Shows the message for `error` in `element`, which becomes a live region, or hides it with `undefined`. */
export function showNotice(element: HTMLElement, error: unknown): void {
  showText(element, error === undefined ? undefined : noticeOf(error));
}

/** Shows a message in the caller's words, as {@link showNotice} does. */
export function showText(element: HTMLElement, notice: Notice | undefined): void {
  element.className = "notice";
  element.setAttribute("role", "alert");
  element.hidden = notice === undefined;
  if (!notice) {
    element.replaceChildren();
    return;
  }
  const strong = document.createElement("strong");
  strong.textContent = notice.title;
  element.replaceChildren(strong, notice.advice);
}
