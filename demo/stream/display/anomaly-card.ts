/** The card with the anomalies: what counts as one, and a table of the latest. */
import { partsOf, setText, table } from "../../shell/dom.ts";
import { brief, count, decimals, short } from "../../shell/format.ts";
import type { Session } from "../session.ts";
import { type Anomaly, type Method, SUM_FACTOR } from "../watching/detector.ts";

const part = partsOf("stream");

/** Maximum number of anomalies in the table, the latest first. */
const SHOWN = 50;

const METHODS: Readonly<Record<Method, string>> = { value: "one value", sum: "CUSUM" };

export class AnomalyCard {
  #drawn = "";

  clear(): void {
    this.#drawn = "";
    part("anomalies").replaceChildren();
    for (const name of ["threshold", "signal-summary"]) setText(part(name), "");
    setText(part("count"), "0");
  }

  draw({ detector, source, watch, settings }: Session): void {
    const { anomalies, normal, threshold, factor } = detector!;
    const { unit } = source!;
    setText(part("count"), count(anomalies.length));
    setText(
      part("threshold"),
      `More than ${short(threshold)}${unit} from its prediction: ${factor} times the robust standard deviation ` +
        `(${short(normal.sigma)}${unit}) of ${count(normal.count)} residuals on normal data, of which the farthest was ` +
        `${decimals(normal.farthest, 1)} σ away. Or smaller errors over many steps, as in a drift: CUSUM adds them up, to ` +
        `${SUM_FACTOR * factor} σ (on normal data the sum reached ${decimals(normal.farthestSum, 1)} σ).`,
    );
    const latest = anomalies.at(-1);
    const drawn = `${detector!.changes} ${watch!.rate}`;
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const note = `The latest first; ${watch!.rate} steps are a second${settings.kind === "sensor" ? "" : ` (values in${unit})`}.`;
    part("anomalies").replaceChildren(...(latest ? [tableOf(anomalies, note)] : []));
    setText(
      part("signal-summary"),
      latest
        ? `${count(anomalies.length)} anomalies so far, the latest in step ${count(latest.from)}: ${brief(latest.size)} sigmas, found by ${METHODS[latest.by]}.`
        : "No anomaly so far.",
    );
  }
}

function tableOf(anomalies: readonly Anomaly[], note: string): DocumentFragment {
  const several = anomalies.some(({ stream }) => stream > 0);
  const rows = anomalies
    .slice(-SHOWN)
    .reverse()
    .map(({ stream, from, to, by, size, steps, value, predicted }) => [
      to > from ? `${from}–${to}` : String(from),
      ...(several ? [String(stream + 1)] : []),
      `${brief(size)} σ${steps > 1 ? ` in ${steps} steps` : ""}`,
      METHODS[by],
      decimals(value, 2),
      decimals(predicted, 2),
    ]);
  const numeric = (title: string) => ({ title, numeric: true });
  const columns = [
    { title: "Step" },
    ...(several ? [numeric("Stream")] : []),
    numeric("Size"),
    { title: "Found by" },
    ...["Measured", "Predicted"].map(numeric),
  ];
  return table("Anomalies", note, columns, rows);
}
