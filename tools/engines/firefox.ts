/** Firefox by WebDriver BiDi: a browser for a file, so that a hung or crashed one takes no other with it. */
import { preview } from "vite";
import { bundleFolder } from "./bundle.ts";
import { type Engine, SILENCE_MS } from "./engine.ts";
import { openFirefox } from "./open-firefox.ts";

export const firefox: Engine = {
  name: "firefox",
  title: "Firefox ESR",
  driver: "lavapipe",
  async open() {
    const first = await openFirefox();
    const version = first.version();
    await first.close();
    const server = await preview({
      configFile: false,
      logLevel: "silent",
      build: { outDir: bundleFolder },
      preview: { port: 0 },
    });
    const [address] = server.resolvedUrls!.local;
    return {
      version: `Firefox ${version}`,
      async run(file, hear) {
        const browser = await openFirefox();
        try {
          const page = await browser.newPage();
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
          await browser.close();
        }
      },
      async close() {
        await server.close();
      },
    };
  },
};
