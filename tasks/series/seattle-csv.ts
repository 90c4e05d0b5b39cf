/** The data set's text, as Vite and `tools/run.mjs` bring it in. */
export { default as seattleCsv } from "../../node_modules/vega-datasets/data/seattle-weather.csv?raw";
