/** Builds the site, with the demo under it, before the tests. */
export { buildSite as default } from "../site/serve.ts";
