/** Draws a run's numbers: the curve, the counts, and the comparison with the baselines. */
import { partsOf, setText } from "../../shell/dom.ts";
import { count, decimals } from "../../shell/format.ts";
import type { Snapshot } from "../../training/phase.ts";
import { type ModelSettings, STEPS_PER_REPORT } from "../settings.ts";
import { BASELINE_NAMES, type Baselines, bestOf } from "./baselines.ts";
import { BitsChart } from "./chart.ts";
import type { Facts } from "./train.worker.ts";

const byId = partsOf("text");

/** Converts nats to bits. */
const bitsOf = (loss: number) => loss / Math.LN2;

const shown = (bits: number | null | undefined) => (bits == null ? "–" : decimals(bits, 3));

/** The held-out loss of a model after so many steps. */
export interface Score {
  readonly step: number;
  /** In nats. */
  readonly loss: number;
}

/** Where a model stands. */
export interface Standing {
  /** Training steps so far. */
  readonly steps: number;
  /** Held-out bits per character after exactly these steps. */
  readonly heldOutBits?: number | undefined;
  /** Those of the best baseline. */
  readonly baselineBits?: number | undefined;
}

export class TextDisplay {
  readonly #chart = new BitsChart(byId("chart"));
  /** The facts about the text, once the worker has counted. */
  facts: Facts | undefined;
  /** The current step, and the mean loss since the last report if it is known. */
  underWay: { readonly step: number; readonly loss: number | undefined } | undefined;
  /** Of the model as Cancel has left it, after its last report. */
  atCancel: Score | undefined;
  #score: Score | undefined;
  #charactersPerStep = 0;

  /** For a new run. */
  clear({ batchSize, length }: ModelSettings): void {
    this.facts = undefined;
    this.underWay = undefined;
    this.atCancel = undefined;
    this.#score = undefined;
    this.#charactersPerStep = batchSize * length;
  }

  get standing(): Standing {
    const { step: scored = 0, loss } = this.#score ?? {};
    const steps = Math.max(this.underWay?.step ?? 0, scored);
    const heldOutBits = steps === scored && loss !== undefined ? bitsOf(loss) : undefined;
    return { steps, heldOutBits, baselineBits: this.facts && bestOf(this.facts.baselines).bits };
  }

  draw(snapshot: Snapshot): void {
    const { reports, epochs } = snapshot;
    const total = epochs * STEPS_PER_REPORT;
    const steps = reports.map(({ epoch }) => epoch * STEPS_PER_REPORT);
    const train: (number | null)[] = reports.map(({ loss }) => bitsOf(loss));
    const heldOut: (number | null)[] = reports.map(({ validationLoss }) => bitsOf(validationLoss!));
    const { step, loss } = this.underWay ?? { step: 0, loss: undefined };
    const last = reports.at(-1);
    byId("steps").textContent = count(Math.max(step, steps.at(-1) ?? 0));
    byId("steps-label").textContent = `Steps of ${count(total)}`;
    byId("speed").textContent = last ? count(Math.round(last.stepsPerSecond * this.#charactersPerStep)) : "–";
    this.#score =
      this.atCancel ?? (last && { step: last.epoch * STEPS_PER_REPORT, loss: last.validationLoss! });
    const score = this.#score;
    if (loss !== undefined && step > (steps.at(-1) ?? 0)) {
      steps.push(step);
      train.push(bitsOf(loss));
      heldOut.push(this.atCancel ? bitsOf(this.atCancel.loss) : null);
    }
    byId("train-bits").textContent = shown(train.at(-1));
    byId("held-out-bits").textContent = shown(score && bitsOf(score.loss));
    this.#chart.draw({ steps, train, heldOut, total, baselines: this.facts?.baselines });
    this.#drawVerdict(score);
    if (!this.facts) {
      byId("facts").textContent = "";
      return;
    }
    const { train: trained, heldOut: held, vocabulary } = this.facts;
    byId("facts").textContent =
      `${count(trained)} characters to train on, ${count(held)} held out, ${count(vocabulary)} different ones.`;
  }

  #drawVerdict(score: Score | undefined): void {
    const verdict = byId("verdict");
    const { facts } = this;
    const bits = score && bitsOf(score.loss);
    const wins = facts && bits !== undefined && bits < bestOf(facts.baselines).bits;
    verdict.classList.toggle("good", wins ?? false);
    const text =
      bits === undefined
        ? "Held-out bits per character come with the first report."
        : !facts
          ? ""
          : `After ${count(score!.step)} steps: ${compared(bits, facts.baselines)}.`;
    // An unchanged text is not set again.
    if (verdict.textContent === text) return;
    verdict.textContent = text;
    const baselines =
      facts &&
      Object.entries(facts.baselines).map(
        ([name, of]) => `${BASELINE_NAMES[name as keyof Baselines]} ${shown(of)}`,
      );
    setText(
      byId("summary"),
      baselines ? `${text} Held out ${shown(bits)}, ${baselines.join(", ")} bits per character.` : text,
    );
  }
}

/** Names the unigram, which every model should beat, and the best baseline. */
function compared(bits: number, baselines: Baselines): string {
  const by = (of: number, name: string) =>
    `${decimals(Math.abs(of - bits), 2)} bits ${bits < of ? "below" : "above"} the ${name}`;
  const unigram = by(baselines.unigram, BASELINE_NAMES.unigram);
  const best = bestOf(baselines);
  if (bits >= baselines.unigram || best.bits === baselines.unigram) return unigram;
  const verdict = bits < best.bits ? "which beats every baseline" : "the best of the baselines";
  return `${unigram}, ${by(best.bits, best.name)}, ${verdict}`;
}
