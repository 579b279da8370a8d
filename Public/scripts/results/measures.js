import { decimal } from "../format.js";
import { text } from "../text.js";
/** @import { RankingResult } from "../types.js" */

/** @typedef {"probability" | "similarity" | "distance" | "reranked_distance"} Measure */

/** Every measure of a result, in the order in which the key M goes through them. @type {Measure[]} */
const measures = ["probability", "similarity", "distance", "reranked_distance"];

/**
 * The measures that at least one result has.
 *
 * @param {RankingResult[]} results
 */
export function availableMeasures(results) {
  return measures.filter((measure) => results.some((result) => typeof result[measure] === "number"));
}

/**
 * The measure to show: the one chosen if there is one, else the probability where the gallery is calibrated, else the
 * similarity.
 *
 * @param {Measure[]} available
 * @param {string} chosen
 * @returns {Measure}
 */
export function shownMeasure(available, chosen) {
  return available.find((measure) => measure === chosen) ?? available.find((measure) => measure === "probability") ?? "similarity";
}

/** @param {Measure} measure */
export function measureName(measure) {
  return text(`measure.${measure}`);
}

/**
 * The probability that it is the same person, rounded down, so that no doubt is rounded away; empty if it is not known.
 *
 * @param {RankingResult} result
 */
export function probabilityText({ probability }) {
  return typeof probability === "number" ? `${decimal(Math.floor(1000 * probability) / 10, 1)}\u202f%` : "";
}

/**
 * @param {RankingResult} result
 * @param {Measure} measure
 */
export function measureText(result, measure) {
  return measure === "probability" ? probabilityText(result) || "–" : decimal(result[measure], 3);
}

/**
 * Every measure of a result, one a line.
 *
 * @param {RankingResult} result
 */
export function allMeasures(result) {
  return availableMeasures([result]).map((measure) => `${measureName(measure)} ${measureText(result, measure)}`).join("\n");
}
