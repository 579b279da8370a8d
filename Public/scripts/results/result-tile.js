import { element, icon } from "../dom.js";
import { moment, shortMoment } from "../format.js";
import { text } from "../text.js";
import { LayeredImage } from "./layered-image.js";
import { allMeasures, measureName, measureText } from "./measures.js";
/** @import { RankingResult } from "../types.js" */
/** @import { Measure } from "./measures.js" */

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
  if (moved === null || moved === 0) return "";
  return moved > 0 ? `▲${moved}` : `▼${-moved}`;
}

/** @param {number | null} moved */
export function movedSentence(moved) {
  if (moved === null) return "";
  if (moved === 0) return text("moved.not");
  return text(moved > 0 ? "moved.up" : "moved.down", { count: Math.abs(moved) });
}

/** @param {RankingResult} result */
export function personText(result) {
  return result.person_id ? result.person_id : text("person.unknown");
}

/** One result: its image, who, where and when, and one measure, as one button, with a small one that marks it. */
export class ResultTile {
  /**
   * @param {object} handlers
   * @param {(imageID: string) => void} handlers.onOpen
   * @param {(imageID: string) => void} handlers.onMark
   */
  constructor({ onOpen, onMark }) {
    this.id = "";
    this.image = new LayeredImage();
    this.rank = element("span", { class: "rank" });
    this.moved = element("span", { class: "moved" });
    this.fresh = element("span", { class: "fresh", hidden: true }, text("tile.new"));
    this.person = element("span", { class: "person" });
    this.measure = element("b", { class: "measure" });
    this.camera = element("span", { class: "camera" });
    this.time = element("span", { class: "time" });
    this.button = element("button", { type: "button", class: "tile", tabIndex: -1, onclick: () => onOpen(this.id) },
      this.image.root,
      element("span", { class: "tile-badges" }, this.rank, this.fresh, this.moved),
      element("span", { class: "tile-text" },
        element("span", { class: "tile-line" }, this.person, this.measure),
        this.camera,
        this.time));
    this.mark = element("button", { type: "button", class: "tile-mark", tabIndex: -1, onclick: () => onMark(this.id) },
      icon("check"));
    this.root = element("li", {}, this.button, this.mark);
  }

  /**
   * @param {RankingResult} result
   * @param {object} shown
   * @param {number | null} shown.moved
   * @param {boolean} shown.fresh whether it is new since the ranking shown before
   * @param {boolean} shown.marked
   * @param {Measure} shown.measure
   */
  show(result, { moved, fresh, marked, measure }) {
    const person = personText(result);
    const camera = result.camera_id ?? "–";
    const value = measureText(result, measure);
    this.id = result.image_id;
    this.root.dataset.image = result.image_id;
    this.image.show(result.image_url, "");
    this.rank.textContent = String(result.rank);
    this.moved.textContent = movedText(moved);
    this.moved.title = movedSentence(moved);
    this.moved.hidden = moved === null || moved === 0;
    this.moved.dataset.direction = moved === null || moved === 0 ? "same" : moved > 0 ? "up" : "down";
    this.fresh.hidden = !fresh;
    this.person.textContent = result.person_id ?? "–";
    this.measure.textContent = value;
    this.camera.textContent = camera;
    this.time.textContent = tileTime(result.captured_at);
    this.button.title = [
      `${text("fact.person")} ${person}`, `${text("fact.camera")} ${camera}`,
      `${moment(result.captured_at)} UTC`, allMeasures(result),
    ].join("\n");
    this.root.classList.toggle("marked", marked);
    this.mark.setAttribute("aria-pressed", String(marked));
    this.mark.setAttribute("aria-label", text("tile.mark", { rank: result.rank }));
    this.button.setAttribute("aria-label", [
      text("tile.rank", { rank: result.rank }),
      fresh ? text("tile.new") : "",
      marked ? text("tile.marked") : "",
      `${text("fact.person")} ${person}`,
      `${text("fact.camera")} ${camera}`,
      result.captured_at ? moment(result.captured_at) : "",
      `${measureName(measure)} ${value}`,
      movedSentence(moved),
    ].filter(Boolean).join(", "));
  }
}

/**
 * A time that fits on a small tile: month and day, hour and minute, in UTC.
 *
 * @param {string | null | undefined} time
 */
function tileTime(time) {
  return shortMoment(time).replace(/^\d{4}-/, "");
}
