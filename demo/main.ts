/** The page: its views, the device they share, and the theme. */
import { keepForOffline } from "./offline/register.ts";
import { announce, copyLink } from "./shell/copy.ts";
import { byId } from "./shell/dom.ts";
import { Gpu } from "./shell/gpu.ts";
import { repairLanguage } from "./shell/language.ts";
import { Router } from "./shell/router.ts";
import { startTheme } from "./shell/theme.ts";
import type { ViewEntry } from "./shell/view.ts";

/** The views in the order of the navigation; the first is where the page opens. */
const VIEWS: readonly ViewEntry[] = [
  { id: "forecast", name: "Forecast", load: () => import("./forecast/index.ts") },
  { id: "tune", name: "Tune", load: () => import("./tune/index.ts") },
  { id: "text", name: "Text", load: () => import("./text/index.ts") },
  { id: "stream", name: "Stream", load: () => import("./stream/index.ts") },
  { id: "inspect", name: "Inspect", load: () => import("./inspect/index.ts") },
  { id: "compare", name: "Compare", load: () => import("./compare/index.ts") },
];

repairLanguage();
keepForOffline();
startTheme(byId<HTMLButtonElement>("theme"));
const gpu = new Gpu((text) => {
  byId("adapter").textContent = text;
});
const router = new Router(VIEWS, byId("views"), byId("view"), gpu);
byId("copy-link").addEventListener("click", async () => {
  announce(byId("page-note"), await copyLink(location.href, router.linkContents));
});
router.start();
