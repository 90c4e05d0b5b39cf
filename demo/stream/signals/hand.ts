/** A visitor's hand on the drawn sensor: while the pointer or the arrow keys hold it, they say its value. */
import { decimals } from "../../shell/format.ts";

/** The hand stays within this distance of zero. */
export const REACH = 3;

/** How far a key moves the hand. */
const KEYS: Readonly<Record<string, number>> = {
  ArrowUp: 0.25,
  ArrowDown: -0.25,
  PageUp: 1,
  PageDown: -1,
  Home: -2 * REACH,
  End: 2 * REACH,
};

export interface Held {
  /** What is touched. */
  readonly surface: HTMLElement;
  /** The value at a height in px from the surface's upper edge, and the height of a value. */
  valueAt(y: number): number;
  heightOf(value: number): number;
  /** The sensor's latest value, where the keys begin. */
  latest(): number;
  /** Called with the sensor's value, and with undefined when it is let go. */
  onHold(value: number | undefined): void;
}

export class Hand {
  readonly #held: Held;
  readonly #line = document.createElement("div");
  #value: number | undefined;
  #enabled = false;

  constructor(held: Held) {
    this.#held = held;
    const { surface } = held;
    this.#line.className = "stream-hand";
    surface.append(this.#line);
    surface.addEventListener("pointerdown", (event) => {
      if (!this.#enabled || event.button !== 0) return;
      surface.setPointerCapture(event.pointerId);
      this.#point(event);
    });
    surface.addEventListener("pointermove", (event) => {
      if (this.#enabled && surface.hasPointerCapture(event.pointerId)) this.#point(event);
    });
    // Also after pointerup and pointercancel.
    surface.addEventListener("lostpointercapture", () => this.release());
    surface.addEventListener("keydown", (event) => this.#press(event));
    surface.addEventListener("blur", () => this.release());
    this.#describe();
  }

  /** Whether there is a sensor to hold. */
  set enabled(on: boolean) {
    if (on === this.#enabled) return;
    if (!on) this.release();
    this.#enabled = on;
    this.#describe();
  }

  release(): void {
    if (this.#value === undefined) return;
    this.#value = undefined;
    this.#held.onHold(undefined);
    this.#show();
  }

  #point({ clientY }: PointerEvent): void {
    this.#hold(this.#held.valueAt(clientY - this.#held.surface.getBoundingClientRect().top));
  }

  #press(event: KeyboardEvent): void {
    if (!this.#enabled || event.ctrlKey || event.metaKey || event.altKey) return;
    const by = KEYS[event.key];
    if (event.key === "Escape") this.release();
    else if (by !== undefined) {
      event.preventDefault();
      this.#hold((this.#value ?? this.#held.latest()) + by);
    }
  }

  #hold(value: number): void {
    this.#value = Math.max(-REACH, Math.min(REACH, value));
    this.#held.onHold(this.#value);
    this.#show();
  }

  #show(): void {
    const { surface, heightOf } = this.#held;
    const value = this.#value;
    this.#line.hidden = value === undefined;
    surface.setAttribute("aria-valuenow", decimals(value ?? 0, 2).replace("−", "-"));
    surface.setAttribute(
      "aria-valuetext",
      value === undefined ? "not held: arrow keys hold it" : `held at ${decimals(value, 2)}; Escape lets go`,
    );
    if (value !== undefined) this.#line.style.top = `${heightOf(value)}px`;
  }

  /** A slider where there is a sensor to hold, a picture where there is none. */
  #describe(): void {
    const { surface } = this.#held;
    const [on, reach] = [this.#enabled, String(REACH)];
    this.#line.hidden = true;
    for (const [name, value] of Object.entries({
      role: on ? "slider" : "img",
      "aria-label": on ? "Your hand on the sensor" : "Signal and prediction",
      tabindex: on ? "0" : undefined,
      "aria-orientation": on ? "vertical" : undefined,
      "aria-valuemin": on ? `-${reach}` : undefined,
      "aria-valuemax": on ? reach : undefined,
      "aria-valuenow": undefined,
      "aria-valuetext": undefined,
    })) {
      if (value === undefined) surface.removeAttribute(name);
      else surface.setAttribute(name, value);
    }
    surface.classList.toggle("stream-touch", on);
    if (on) this.#show();
  }
}
