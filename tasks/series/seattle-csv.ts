/** The text of the data set. */
export { default as seattleCsv } from "../../node_modules/vega-datasets/data/seattle-weather.csv?raw";
