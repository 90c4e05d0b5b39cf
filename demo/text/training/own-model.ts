/** The model of a run, as it is shown and can be taken away. */
import type { RemoteTrainer } from "webgpu-lstm/worker";
import { count } from "../../shell/format.ts";
import { isUnderWay, type Phase } from "../../training/phase.ts";
import { Mind } from "../model/mind.ts";
import { EMBEDDING } from "../model/model.ts";
import { CHAPTERS, type Source, type TextConfig } from "../settings.ts";
import type { Taken } from "../take-away/away.ts";
import type { Standing } from "./display.ts";

export class OwnModel {
  readonly #config: TextConfig;
  #mind: Mind | undefined;

  constructor(config: TextConfig) {
    this.#config = config;
  }

  /** @param trainer The worker's; none if the worker was ended */
  taken(trainer: RemoteTrainer | undefined, standing: Standing): Taken | undefined {
    if (!trainer) return undefined;
    this.#mind ??= new Mind(trainer);
    const { source, settings } = this.#config;
    const { cell, hiddenSize, numLayers } = settings;
    const about = {
      cell,
      embeddingSize: EMBEDDING,
      hiddenSize,
      numLayers,
      text: nameOf(source),
      ...standing,
    };
    return { mind: this.#mind, about };
  }

  /** Who writes, in words. */
  author(phase: Phase, { steps }: Standing): string {
    const { cell, hiddenSize } = this.#config.settings;
    const place = isUnderWay(phase) && phase !== "paused" ? "at step" : "after step";
    return `Your ${cell} of ${hiddenSize} units, ${place} ${count(steps)}.`;
  }
}

function nameOf(source: Source): string {
  if (source.kind === "own") return "a text of one's own";
  const { from, to } = source;
  return from === 1 && to === CHAPTERS ? "Moby-Dick" : `Moby-Dick, chapters ${from} to ${to}`;
}
