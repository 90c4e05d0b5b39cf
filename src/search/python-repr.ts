/** `str(distribution)` as Optuna prints it; its QMC sampler names a sequence by that. */
import type { CategoricalChoice, Distribution } from "./distributions.ts";
import { floatRepr } from "./python.ts";

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** `repr(text)`. Characters that Python takes for unprintable are escaped only below 160. */
function textRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const inside = text.replace(/[\\\p{Cc}\u00a0\u00ad]/gu, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(2, "0");
    return ESCAPES[character] ?? `\\x${code}`;
  });
  return quote + (quote === "'" ? inside.replaceAll("'", "\\'") : inside) + quote;
}

function choiceRepr(choice: CategoricalChoice): string {
  if (choice === null) return "None";
  if (typeof choice === "boolean") return choice ? "True" : "False";
  if (typeof choice === "string") return textRepr(choice);
  return Number.isSafeInteger(choice) ? String(choice) : floatRepr(choice);
}

/** The attributes in the order of their names. */
export function distributionRepr(distribution: Distribution): string {
  if (distribution.type === "categorical") {
    const choices = distribution.choices.map(choiceRepr);
    return `CategoricalDistribution(choices=(${choices.join(", ")}${choices.length === 1 ? "," : ""}))`;
  }
  const { type, low, high, log, step } = distribution;
  const number = (value: number) => (type === "float" ? floatRepr(value) : String(value));
  const all = `high=${number(high)}, log=${log ? "True" : "False"}, low=${number(low)}, step=${step === null ? "None" : number(step)}`;
  return `${type === "float" ? "Float" : "Int"}Distribution(${all})`;
}
