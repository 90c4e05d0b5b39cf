/** The Compare view: this library and TensorFlow.js, racing and timed in the visitor's browser. */
import { WebGpuUnavailableError } from "webgpu-lstm";
import type { LinkSettings } from "../shell/address.ts";
import { element, partsOf } from "../shell/dom.ts";
import type { Gpu } from "../shell/gpu.ts";
import { showNotice, showText } from "../shell/notice.ts";
import type { Frame, View } from "../shell/view.ts";
import "./compare.css";
import html from "./compare.html?raw";
import type { Contest } from "./contest.ts";
import { CopyPanel } from "./copy-panel.ts";
import { type CompareChoices, choicesOfLink, linkOf, PEERS, SECONDS, USUAL } from "./link.ts";
import { type Library, NAMES } from "./protocol.ts";
import type { Race } from "./race/race.ts";
import { RacePanel } from "./race/race-panel.ts";
import { LibraryError } from "./seat.ts";
import { StepsPanel } from "./steps-panel.ts";
import { CHOICES } from "./workloads.ts";

export function mount(root: HTMLElement, gpu: Gpu, frame: Frame): View {
  root.innerHTML = html;
  const view = new CompareView(gpu, frame);
  return {
    // Nothing is fetched before the visitor presses a button.
    enter() {},
    leave: async () => (view.cancel() ? "stopped" : undefined),
    restore: (link) => view.restore(link),
  };
}

const part = partsOf("compare");
const race = partsOf("race");

class CompareView {
  readonly #gpu: Gpu;
  readonly #frame: Frame;
  readonly #steps = new StepsPanel((contest) => this.#drawn(contest));
  readonly #race: RacePanel;
  readonly #copying = new CopyPanel();

  constructor(gpu: Gpu, frame: Frame) {
    this.#gpu = gpu;
    this.#frame = frame;
    this.#race = new RacePanel(frame, (raced) => this.#drawn(raced));
    part("workload").replaceChildren(
      ...CHOICES.map(({ id, name }) => element("option", { value: id }, name)),
    );
    race("seconds").replaceChildren(...SECONDS.map((seconds) => new Option(`${seconds}`, `${seconds}`)));
    this.#show(USUAL);
    for (const input of [part("form"), race("seconds")]) {
      input.addEventListener("change", () => {
        this.#frame.keep(linkOf(this.#choices));
        this.#showAbout();
      });
    }
    part("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#begin(() => this.#steps.run(this.#workload, this.#choices.peers));
    });
    race("start").addEventListener("click", () => {
      const { peers, seconds } = this.#choices;
      // A race needs someone to race with.
      this.#begin(() => this.#race.start(this.#workload, peers.length > 0 ? peers : PEERS, seconds));
    });
  }

  restore(link: LinkSettings): void {
    this.cancel();
    const choices = choicesOfLink(link);
    this.#show(choices);
    this.#frame.keep(linkOf(choices));
  }

  /** Returns whether something was under way. */
  cancel(): boolean {
    const { isRunning } = this;
    this.#steps.cancel();
    this.#race.stop();
    return isRunning;
  }

  get isRunning(): boolean {
    return this.#steps.isRunning || this.#race.isRunning;
  }

  get #choices(): CompareChoices {
    const form = new FormData(part<HTMLFormElement>("form"));
    return {
      workload: part<HTMLSelectElement>("workload").value,
      peers: PEERS.filter((library) => form.has(library)),
      seconds: Number(race<HTMLSelectElement>("seconds").value),
    };
  }

  get #workload() {
    return CHOICES.find(({ id }) => id === this.#choices.workload)!;
  }

  #show({ workload, peers, seconds }: CompareChoices): void {
    part<HTMLSelectElement>("workload").value = workload;
    for (const box of part("form").querySelectorAll<HTMLInputElement>("input"))
      box.checked = peers.some((library) => library === box.name);
    race<HTMLSelectElement>("seconds").value = String(seconds);
    this.#showAbout();
  }

  #showAbout(): void {
    const { about, id } = this.#workload;
    const size =
      id === "small" ? "Done within a minute, also without a GPU." : "For a GPU; minutes without one.";
    part("about").textContent = `${about}. ${size}`;
  }

  #begin(start: () => void): void {
    if (!("gpu" in navigator)) {
      this.#gpu.describe("none");
      showNotice(part("notice"), new WebGpuUnavailableError("there is no WebGPU"));
      return;
    }
    showNotice(part("notice"), undefined);
    this.#copying.clear();
    start();
  }

  /** Shows what depends on both cards: one at a time is under way. */
  #drawn(latest: Contest | Race): void {
    const { isRunning } = this;
    part<HTMLButtonElement>("run").disabled = isRunning;
    race<HTMLButtonElement>("start").disabled = isRunning;
    for (const input of part("form").querySelectorAll<HTMLInputElement>("input, select"))
      input.disabled = isRunning;
    race<HTMLSelectElement>("seconds").disabled = isRunning;
    if (latest.adapter) this.#gpu.describe(latest.adapter.name);
    this.#copying.offer(this.#steps.contest, this.#race.race, isRunning);
    const [library, error] = failureOf(latest);
    if (error instanceof LibraryError && error.loading && library !== "webgpu-lstm") {
      if (part("notice").hidden) this.#tellUnloaded(library, error);
    } else if (latest.phase === "failed") showNotice(part("notice"), error);
  }

  #tellUnloaded(library: Library, { message }: LibraryError): void {
    showText(part("notice"), {
      title: `${NAMES[library]} could not be loaded`,
      advice: `${message}. It comes from where this page comes from: check the connection and try again. What was measured is below.`,
    });
  }
}

/** What failed, and why: a library that was not loaded, or all. */
function failureOf(latest: Contest | Race): readonly [library: Library, error: unknown] {
  if (!("rows" in latest)) return [latest.peer ?? "webgpu-lstm", latest.error];
  const unloaded = latest.rows.find(({ error }) => error instanceof LibraryError && error.loading);
  return unloaded && latest.phase !== "failed"
    ? [unloaded.library, unloaded.error]
    : ["webgpu-lstm", latest.error];
}
