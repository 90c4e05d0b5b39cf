/** The card from which results are copied, or taken into a prefilled issue; shown once there are some. */
import { copyText } from "../shell/copy.ts";
import { partsOf } from "../shell/dom.ts";
import { project } from "../shell/project.ts";
import type { Contest } from "./contest.ts";
import { issueLink } from "./issue-link.ts";
import type { Race } from "./race/race.ts";
import { hasSteps, jsonOf, markdownOf, type Results } from "./report.ts";

const part = partsOf("compare");

const BUTTONS = ["copy", "copy-json"] as const;

export class CopyPanel {
  #results: Results | undefined;

  constructor() {
    part("copy").addEventListener("click", () => {
      const tables = (this.#results!.contest ? 2 : 0) + (this.#results!.race ? 1 : 0);
      const words = ["", "one table", "two tables", "three tables"][tables];
      void this.#copy(markdownOf(this.#results!), `Copied: ${words} in Markdown.`);
    });
    part("copy-json").addEventListener("click", () => {
      void this.#copy(jsonOf(this.#results!), "Copied: all samples as JSON.");
    });
  }

  /** Forgets what was copied before. */
  clear(): void {
    part("copied").textContent = "";
    part("text-field").hidden = true;
  }

  /** @param busy Whether something is still measured */
  offer(contest: Contest | undefined, race: Race | undefined, busy: boolean): void {
    const results: Results = {
      contest: contest && hasSteps(contest) ? contest : undefined,
      race: race && race.finished.length > 0 ? race : undefined,
      version: project.version,
      browser: navigator.userAgent,
      at: (race ?? contest)?.at ?? new Date(),
    };
    const any = results.contest !== undefined || results.race !== undefined;
    this.#results = results;
    part("copying").hidden = !any || busy;
    for (const name of BUTTONS) part<HTMLButtonElement>(name).disabled = !any || busy;
    if (!any || busy) return;
    const { adapter } = (results.race ?? results.contest)!;
    part<HTMLAnchorElement>("send").href = issueLink(
      project.issues,
      `Figures of a GPU: ${adapter?.name ?? "unknown"}`,
      markdownOf(results),
    );
  }

  async #copy(text: string, done: string): Promise<void> {
    if (await copyText(text)) {
      part("copied").textContent = done;
      return;
    }
    // Without permission, the visitor copies the text.
    const area = part<HTMLTextAreaElement>("text");
    part("text-field").hidden = false;
    area.value = text;
    area.select();
    part("copied").textContent = "The browser does not let this page copy; the text is below, selected.";
  }
}
