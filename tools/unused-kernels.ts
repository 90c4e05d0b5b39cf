/**
 * A preprocessor of knip: kernels do not count as unused exports. Each is used in its own file, and exported because
 * test/node/shaders.test.ts checks all that it finds in src/.
 */
import { readFileSync } from "node:fs";
import type { Preprocessor } from "knip";

const preprocess: Preprocessor = (options) => {
  for (const [file, issues] of Object.entries(options.issues.exports)) {
    for (const [name, { filePath }] of Object.entries(issues)) {
      if (!readFileSync(filePath, "utf8").includes(`export const ${name} = /* @__PURE__ */ new Kernel(`))
        continue;
      delete issues[name];
      // The exit code comes from the counters.
      options.counters.exports--;
      options.counters.total--;
    }
    if (Object.keys(issues).length === 0) delete options.issues.exports[file];
  }
  return options;
};

export default preprocess;
