/** The Compare view: this library and TensorFlow.js, timed in the visitor's browser. */
import { bar, element, partsOf, setText, table } from "../shell/dom.ts";
import type { Gpu } from "../shell/gpu.ts";
import { showNotice, showText } from "../shell/notice.ts";
import { StatusLines } from "../shell/status-lines.ts";
import type { View } from "../shell/view.ts";
import { timeLeft } from "../training/estimate.ts";
import "./compare.css";
import html from "./compare.html?raw";
import { Contest, medianOf, type Row } from "./contest.ts";
import { type Library, NAMES } from "./protocol.ts";
import { LibraryError } from "./seat.ts";
import { adapterNote, COLUMNS, cellsOf, markdownOf, ratio } from "./table.ts";
import { CHOICES, TASKS } from "./workloads.ts";

export function mount(root: HTMLElement, gpu: Gpu): View {
  root.innerHTML = html;
  const view = new CompareView(gpu);
  return {
    // Nothing is fetched before the visitor presses Run.
    enter() {},
    leave: async () => (view.cancel() ? "stopped" : undefined),
  };
}

const part = partsOf("compare");

const PEERS: readonly Library[] = ["tfjs-webgpu", "tfjs-wasm"];

class CompareView {
  readonly #gpu: Gpu;
  readonly #lines = new StatusLines(part("lines"), "Progress of the comparison", "compare-");
  #contest: Contest | undefined;
  #drawing = false;

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
    part("workload").replaceChildren(
      ...CHOICES.map(({ id, name }) => element("option", { value: id }, name)),
    );
    part("workload").addEventListener("change", () => this.#showAbout());
    part("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#run();
    });
    part("cancel").addEventListener("click", () => this.cancel());
    part("copy").addEventListener("click", () => void this.#copy());
    this.#showAbout();
    this.#lines.status = "Press Run: TensorFlow.js is fetched then, about 1.5 MB.";
  }

  /** Returns whether a contest was under way. */
  cancel(): boolean {
    const underWay = this.#contest?.phase === "running";
    this.#contest?.cancel();
    return underWay;
  }

  get #choice() {
    return CHOICES[part<HTMLSelectElement>("workload").selectedIndex]!;
  }

  #showAbout(): void {
    const { about, id } = this.#choice;
    const size =
      id === "small" ? "Done within a minute, also without a GPU." : "For a GPU; minutes without one.";
    part("about").textContent = `${about}. ${size}`;
  }

  #run(): void {
    const form = new FormData(part<HTMLFormElement>("form"));
    const peers = PEERS.filter((library) => form.has(library));
    showNotice(part("notice"), undefined);
    part("copied").textContent = "";
    part("text-field").hidden = true;
    this.#contest = new Contest(this.#choice, peers, () => this.#draw());
    this.#draw();
  }

  #draw(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      const contest = this.#contest!;
      const running = contest.phase === "running";
      part<HTMLButtonElement>("run").disabled = running;
      part<HTMLButtonElement>("cancel").disabled = !running;
      part<HTMLButtonElement>("copy").disabled = running;
      for (const input of part("form").querySelectorAll<HTMLInputElement>("input, select"))
        input.disabled = running;
      const { secondsLeft } = contest;
      this.#lines.draw(
        statusOf(contest),
        contest.done,
        secondsLeft === undefined ? "" : timeLeft(secondsLeft),
      );
      if (contest.adapter) this.#gpu.describe(contest.adapter.name);
      this.#drawResults(contest);
      if (contest.phase === "failed") showNotice(part("notice"), contest.error);
      else this.#tellUnloaded(contest);
    });
  }

  #drawResults(contest: Contest): void {
    part("results").hidden = contest.phase === "failed";
    setText(part("adapter"), adapterNote(contest));
    setText(part("verdict"), verdictOf(contest));
    part("tables").replaceChildren(
      ...TASKS.flatMap(({ task, name, about }) => {
        const rows = contest.rows.filter((row) => row.task === task);
        return [element("h3", {}, name), tableOf(name, about, rows)];
      }),
    );
  }

  #tellUnloaded({ rows }: Contest): void {
    const failed = rows.find(({ error }) => error instanceof LibraryError && error.loading);
    if (!failed || !part("notice").hidden) return;
    showText(part("notice"), {
      title: `${NAMES[failed.library]} could not be loaded`,
      advice: `${(failed.error as Error).message}. It comes from where this page comes from: check the connection and press Run again. This library's own times are below.`,
    });
  }

  async #copy(): Promise<void> {
    const text = markdownOf(this.#contest!);
    try {
      await navigator.clipboard.writeText(text);
      part("copied").textContent = "Copied: two tables in Markdown.";
    } catch {
      // Without permission, the visitor copies the text.
      const area = part<HTMLTextAreaElement>("text");
      part("text-field").hidden = false;
      area.value = text;
      area.select();
      part("copied").textContent = "The browser does not let this page copy; the text is below, selected.";
    }
  }
}

function tableOf(name: string, about: string, rows: readonly Row[]): DocumentFragment {
  const slowest = Math.max(...rows.map((row) => medianOf(row) ?? 0));
  const columns = [
    ...COLUMNS.map((title, i) => ({ title, numeric: i > 0 && i < COLUMNS.length - 1 })),
    { title: "" },
  ];
  const cells = rows.map((row) => [...cellsOf(row, rows[0]!), bar((medianOf(row) ?? 0) / (slowest || 1))]);
  return table(name, about, columns, cells);
}

function statusOf({ phase, rows }: Contest): string {
  if (phase === "done") return "Done.";
  if (phase === "cancelled") return "Cancelled; what was measured stays.";
  if (phase === "failed") return "Stopped.";
  const opening = rows.find(({ state }) => state === "opening");
  const { task } = opening ?? rows.find(({ state }) => state === "timing") ?? rows[0]!;
  const what = TASKS.find((one) => one.task === task)!.name.toLowerCase();
  return opening ? `${NAMES[opening.library]}: loading, and its first ${what}…` : `Timing, in turn: ${what}…`;
}

/** A sentence for each task that says how much longer the peers take. */
function verdictOf({ rows }: Contest): string {
  const sentences = TASKS.flatMap(({ task, name }) => {
    const [ours, ...peers] = rows.filter((row) => row.task === task);
    const mine = medianOf(ours!);
    const found = peers.flatMap((peer) => {
      const median = medianOf(peer);
      const backend = peer.library === "tfjs-webgpu" ? "WebGPU" : "WASM";
      return mine === undefined || median === undefined
        ? []
        : [`${ratio(median / mine)} times as long on ${backend}`];
    });
    return found.length > 0 ? [`${name}: TensorFlow.js takes ${found.join(", ")}.`] : [];
  });
  return sentences.join("\n");
}
