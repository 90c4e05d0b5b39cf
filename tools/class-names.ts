/** The modules whose classes users make or hold, so that messages name them. */
const NAMED =
  /^(nn(?!\/recurrent)|optim|data|train|stream|search|formats|worker)\/|^(device|random|graph\/(tensor|parameter)|run\/(result|step))\.js$/;

/**
 * A module of the library with the names of its classes spelled out: the bundler of an app shortens them, but not what a class says of itself.
 * Errors do so in their source. Layers of opened files are classes that no module exports.
 * @param name The module's path in `dist/`
 */
export function withNames(name: string, code: string): string {
  if (!NAMED.test(name)) return code;
  const start = name.startsWith("formats/") ? "(?:export )?" : "export ";
  const heads = new RegExp(`^${start}class (\\w+)\\b(?! extends \\w*Error)[^{]*\\{`, "gm");
  return code.replace(heads, (head, own: string) => `${head} static name = "${own}";`);
}
