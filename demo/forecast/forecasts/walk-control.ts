/** The walk of the roll-out with its button. A touch of the panel ends it. */
import { byId, setText } from "../../shell/dom.ts";
import type { RollOutPanel } from "./roll-out-panel.ts";
import { Walk } from "./walk.ts";

export class WalkControl {
  readonly #panel: RollOutPanel;
  readonly #button = byId<HTMLButtonElement>("roll-out-walk");
  readonly #walk: Walk;

  constructor(panel: RollOutPanel) {
    this.#panel = panel;
    this.#walk = new Walk(byId("live"), () => panel.walkOn());
    panel.onTouch = () => {
      if (this.#walk.walking) this.#stop();
    };
    this.#button.addEventListener("click", () => {
      if (this.#walk.walking) this.#stop();
      else this.#start();
    });
  }

  /** Offers to walk, and begins unless the visitor wants less motion. */
  begin(): void {
    this.#walk.begin();
    this.#button.hidden = false;
    this.#name();
  }

  /** Ends the walk and the offer. */
  end(): void {
    this.#walk.stop();
    this.#button.hidden = true;
  }

  #start(): void {
    this.#walk.start();
    this.#panel.walkOn();
    this.#name();
  }

  #stop(): void {
    this.#walk.stop();
    this.#panel.stay();
    this.#name();
  }

  #name(): void {
    setText(this.#button, this.#walk.walking ? "Stop walking" : "Walk");
  }
}
