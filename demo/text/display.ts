/** Draws a run's numbers: the curve, the counts, and the comparison with the baselines. */
import { partsOf } from "../shell/dom.ts";
import { count } from "../shell/format.ts";
import type { Snapshot } from "../training/phase.ts";
import { BitsChart } from "./chart.ts";
import { type ModelSettings, STEPS_PER_REPORT } from "./settings.ts";
import type { Facts } from "./train.worker.ts";

const byId = partsOf("text");

/** Converts nats to bits. */
const bitsOf = (loss: number) => loss / Math.LN2;

const shown = (bits: number | null | undefined) => (bits == null ? "–" : bits.toFixed(3));

export class TextDisplay {
  readonly #chart = new BitsChart(byId("chart"));
  /** The facts about the text, once the worker has counted. */
  facts: Facts | undefined;
  /** The current step, and the mean loss since the last report if it is known. */
  underWay: { readonly step: number; readonly loss: number | undefined } | undefined;
  #charactersPerStep = 0;

  /** For a new run. */
  clear({ batchSize, length }: ModelSettings): void {
    this.facts = undefined;
    this.underWay = undefined;
    this.#charactersPerStep = batchSize * length;
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
    if (loss !== undefined && step > (steps.at(-1) ?? 0)) {
      steps.push(step);
      train.push(bitsOf(loss));
      heldOut.push(null);
    }
    byId("train-bits").textContent = shown(train.at(-1));
    byId("held-out-bits").textContent = shown(last && bitsOf(last.validationLoss!));
    this.#chart.draw({ steps, train, heldOut, total, baselines: this.facts });
    this.#drawVerdict(last && bitsOf(last.validationLoss!), last && last.epoch * STEPS_PER_REPORT);
    if (!this.facts) {
      byId("facts").textContent = "";
      return;
    }
    const { train: trained, heldOut: held, vocabulary } = this.facts;
    byId("facts").textContent =
      `${count(trained)} characters to train on, ${count(held)} held out, ${count(vocabulary)} different ones.`;
  }

  #drawVerdict(bits: number | undefined, step: number | undefined): void {
    const verdict = byId("verdict");
    const { facts } = this;
    const below = facts && bits !== undefined ? facts.unigram - bits : 0;
    verdict.classList.toggle("good", below > 0);
    const text =
      bits === undefined
        ? "Held-out bits per character come with the first report."
        : !facts
          ? ""
          : `After ${count(step!)} steps: ${compared(bits, facts)}.`;
    // An unchanged text is not set again.
    if (verdict.textContent === text) return;
    verdict.textContent = text;
    byId("summary").textContent = facts
      ? `${text} Held out ${shown(bits)}, unigram ${shown(facts.unigram)}, trigram ${shown(facts.trigram)} bits per character.`
      : text;
  }
}

function compared(bits: number, { unigram, trigram }: Facts): string {
  const by = (of: number) => `${Math.abs(of - bits).toFixed(2)} bits`;
  if (bits < trigram) return `${by(unigram)} below the unigram, ${by(trigram)} below the trigram`;
  if (bits < unigram) return `${by(unigram)} below the unigram, ${by(trigram)} above the trigram`;
  return `${by(unigram)} above the unigram`;
}
