/** The longest address that GitHub and browsers take for a prefilled issue. */
const LONGEST = 7000;

/** The address of a new issue with this text, which is shown before it is sent; a long text is cut at a line's end. */
export function issueLink(issues: string, title: string, body: string): string {
  const linkTo = (text: string) => `${issues}/new?${new URLSearchParams({ title, body: text })}`;
  const lines = body.split("\n");
  while (lines.length > 1 && linkTo(lines.join("\n")).length > LONGEST) lines.pop();
  return linkTo(lines.join("\n"));
}
