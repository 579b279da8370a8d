import { element } from "../dom.js";
import { decimal, moment, shortMoment } from "../format.js";
import { LayeredImage } from "./layered-image.js";
/** @import { RankingResult } from "../types.js" */

/**
 * By how many places re-ranking moved each result, among the results shown; positive: towards the top. Null if the
 * ranking was not re-ranked. Equal distances keep their order, as do images past the candidates.
 *
 * @param {RankingResult[]} results in the order of their rank
 * @returns {(number | null)[]}
 */
export function placesMoved(results) {
  const reranked = results.some((result) => typeof result.reranked_distance === "number");
  if (!reranked) return results.map(() => null);
  const byDistance = results.map((_, index) => index);
  byDistance.sort((a, b) => results[a].distance - results[b].distance || a - b);
  /** @type {number[]} */
  const moved = [];
  byDistance.forEach((index, before) => {
    moved[index] = before - index;
  });
  return moved;
}

/** @param {number | null} moved */
export function movedText(moved) {
  if (moved === null) return "";
  if (moved === 0) return "=";
  return moved > 0 ? `▲${moved}` : `▼${-moved}`;
}

/** @param {number | null} moved */
export function movedSentence(moved) {
  if (moved === null) return "";
  if (moved === 0) return "Same place before re-ranking, among those shown";
  const places = Math.abs(moved) === 1 ? "1 place" : `${Math.abs(moved)} places`;
  return `${moved > 0 ? "Up" : "Down"} ${places} by re-ranking, among those shown`;
}

/** @param {RankingResult} result */
export function personText(result) {
  return result.person_id ? result.person_id : "unknown";
}

/**
 * The probability that it is the same person, rounded down, so that no doubt is rounded away; empty if it is not known.
 *
 * @param {RankingResult} result
 */
export function probabilityText({ probability }) {
  return typeof probability === "number" ? `${decimal(Math.floor(1000 * probability) / 10, 1)}\u00a0%` : "";
}

/** One result: its image and what is known about it, as one button. */
export class ResultTile {
  /** @param {() => void} onOpen */
  constructor(onOpen) {
    this.image = new LayeredImage({ lazy: true });
    this.rank = element("span", { class: "rank" });
    this.moved = element("span", { class: "moved" });
    this.fresh = element("span", { class: "fresh", hidden: true }, "new");
    this.person = element("span", { class: "person" });
    this.camera = element("span", { class: "camera" });
    this.time = element("span", { class: "time" });
    this.before = element("b");
    this.after = element("b");
    this.similarity = element("b");
    this.afterRow = figure("Re-ranked", this.after);
    this.probability = element("b");
    this.probabilityRow = figure("Probability", this.probability);
    this.button = element("button", { type: "button", class: "tile", tabIndex: -1, onclick: onOpen },
      this.image.root,
      element("span", { class: "tile-badges" }, this.rank, this.moved, this.fresh),
      element("span", { class: "tile-text" },
        element("span", { class: "tile-line" }, this.person, this.camera),
        this.time,
        figure("Distance", this.before),
        this.afterRow,
        figure("Similarity", this.similarity),
        this.probabilityRow));
    this.root = element("li", {}, this.button);
  }

  /**
   * @param {RankingResult} result
   * @param {number | null} moved
   * @param {boolean} fresh whether it is new since the ranking shown before
   */
  show(result, moved, fresh) {
    const person = personText(result);
    const camera = result.camera_id ?? "–";
    this.image.show(result.image_url, "");
    this.rank.textContent = String(result.rank);
    this.moved.textContent = movedText(moved);
    this.moved.title = movedSentence(moved);
    this.moved.hidden = moved === null;
    this.moved.dataset.direction = moved === null || moved === 0 ? "same" : moved > 0 ? "up" : "down";
    this.fresh.hidden = !fresh;
    this.person.textContent = person;
    this.person.title = `Person ${person}`;
    this.camera.textContent = camera;
    this.camera.title = `Camera ${camera}`;
    this.time.textContent = shortMoment(result.captured_at);
    this.time.title = `${moment(result.captured_at)} UTC`;
    this.before.textContent = decimal(result.distance, 4);
    this.after.textContent = decimal(result.reranked_distance, 4);
    this.afterRow.hidden = typeof result.reranked_distance !== "number";
    this.similarity.textContent = decimal(result.similarity, 4);
    const probability = probabilityText(result);
    this.probability.textContent = probability;
    this.probabilityRow.hidden = probability === "";
    this.button.setAttribute("aria-label", [
      `Rank ${result.rank}`,
      fresh ? "new" : "",
      `person ${person}`,
      `camera ${camera}`,
      result.captured_at ? moment(result.captured_at) : "",
      `distance ${decimal(result.distance)}`,
      typeof result.reranked_distance !== "number" ? "" : `re-ranked ${decimal(result.reranked_distance)}`,
      movedSentence(moved),
      probability ? `same person ${probability}` : "",
    ].filter(Boolean).join(", "));
  }
}

/** @param {string} name @param {HTMLElement} value */
function figure(name, value) {
  return element("span", { class: "figure" }, element("span", {}, name), value);
}
