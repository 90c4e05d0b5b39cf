/** Firefox by WebDriver BiDi: one page for a file. */
import { preview } from "vite";
import { bundleFolder } from "./bundle.ts";
import { type Engine, SILENCE_MS } from "./engine.ts";
import { openFirefox } from "./open-firefox.ts";

export const firefox: Engine = {
  name: "firefox",
  title: "Firefox ESR",
  driver: "lavapipe",
  async open() {
    const browser = await openFirefox();
    const server = await preview({
      configFile: false,
      logLevel: "silent",
      build: { outDir: bundleFolder },
      preview: { port: 0 },
    });
    const [address] = server.resolvedUrls!.local;
    return {
      version: `Firefox ${browser.version()}`,
      async run(file, hear) {
        const page = await browser.newPage();
        try {
          await new Promise<void>((resolve, reject) => {
            const giveUp = () => reject(new Error(`it said nothing for ${SILENCE_MS / 1000} s`));
            let timer = setTimeout(giveUp, SILENCE_MS);
            page.on("console", (message) => {
              clearTimeout(timer);
              if (hear(message.text())) resolve();
              else timer = setTimeout(giveUp, SILENCE_MS);
            });
            page.goto(`${address}?file=${file}`).catch(reject);
          });
        } finally {
          await page.close();
        }
      },
      async close() {
        await browser.close();
        await server.close();
      },
    };
  },
};
