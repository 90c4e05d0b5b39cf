/** The card of the time of a step: every chosen backend, training and inference. */
import { bar, element, partsOf, setText, table } from "../shell/dom.ts";
import { StatusLines } from "../shell/status-lines.ts";
import { timeLeft } from "../training/estimate.ts";
import { Contest, medianOf, type Row } from "./contest.ts";
import { type Library, NAMES } from "./protocol.ts";
import { ratio } from "./ratio.ts";
import { adapterNote, COLUMNS, cellsOf } from "./table.ts";
import { type Choice, TASKS } from "./workloads.ts";

const part = partsOf("compare");

export class StepsPanel {
  readonly #lines = new StatusLines(part("lines"), "Progress of the comparison", "compare-");
  readonly #onDraw: (contest: Contest) => void;
  #contest: Contest | undefined;
  #drawing = false;

  /** @param onDraw Called after each drawing, so that the view shows what else depends on the contest */
  constructor(onDraw: (contest: Contest) => void) {
    this.#onDraw = onDraw;
    part("cancel").addEventListener("click", () => this.cancel());
    this.#lines.status = "Press Run: TensorFlow.js is fetched then, about 1.5 MB.";
  }

  get contest(): Contest | undefined {
    return this.#contest;
  }

  get isRunning(): boolean {
    return this.#contest?.phase === "running";
  }

  run(choice: Choice, peers: readonly Library[]): void {
    this.#contest = new Contest(choice, peers, () => this.#changed());
    this.#changed();
  }

  cancel(): void {
    this.#contest?.cancel();
  }

  #changed(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.#draw(this.#contest!);
    });
  }

  #draw(contest: Contest): void {
    const { secondsLeft } = contest;
    this.#lines.draw(statusOf(contest), contest.done, secondsLeft === undefined ? "" : timeLeft(secondsLeft));
    part<HTMLButtonElement>("cancel").disabled = !this.isRunning;
    part("results").hidden = contest.phase === "failed";
    setText(part("adapter"), adapterNote(contest.adapter));
    setText(part("verdict"), verdictOf(contest));
    part("tables").replaceChildren(
      ...TASKS.flatMap(({ task, name, about }) => {
        const rows = contest.rows.filter((row) => row.task === task);
        return [element("h3", {}, name), tableOf(name, about, rows)];
      }),
    );
    this.#onDraw(contest);
  }
}

function tableOf(name: string, about: string, rows: readonly Row[]): DocumentFragment {
  const slowest = Math.max(...rows.map((row) => medianOf(row) ?? 0));
  const columns = [...COLUMNS, { title: "" }];
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
