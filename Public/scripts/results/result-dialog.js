import { BranchBar } from "./branch-bar.js";
import { element, icon } from "../dom.js";
import { decimal, moment } from "../format.js";
import { text } from "../text.js";
import { LayeredImage } from "./layered-image.js";
import { probabilityText } from "./measures.js";
import { movedSentence, personText, placesMoved } from "./result-tile.js";
/** @import { Ranking, RankingResult } from "../types.js" */

/** One result in large, beside the query image, with everything that is known about it. */
export class ResultDialog {
  /**
   * @param {object} handlers
   * @param {(imageID: string) => void} handlers.onSearchWith
   * @param {(imageID: string) => void} handlers.onMark
   * @param {(imageID: string) => boolean} handlers.isMarked
   * @param {(imageID: string, branch: number | null) => void} handlers.onBranch
   * @param {(imageID: string) => number | null} handlers.branchOf
   * @param {(imageID: string) => void} handlers.onClose
   */
  constructor({ onSearchWith, onMark, isMarked, onBranch, branchOf, onClose }) {
    this.onMark = onMark;
    this.isMarked = isMarked;
    this.branchOf = branchOf;
    this.onBranch = onBranch;
    /** @type {Ranking | null} */
    this.ranking = null;
    this.imageID = "";
    this.query = new LayeredImage();
    this.image = new LayeredImage();
    this.title = element("h2", { id: "result-title", "aria-live": "polite" });
    this.facts = element("dl", { class: "facts" });
    this.branches = new BranchBar(text("branch.label"), (branch) => onBranch(this.imageID, branch));
    this.searchWith = element("button", { type: "button", class: "primary", onclick: () => onSearchWith(this.imageID) },
      icon("search"), text("dialog.search"));
    this.mark = element("button", { type: "button", class: "toggle", onclick: () => this.toggleMark() }, text("dialog.mark"));
    this.previous = button(text("dialog.previous"), "previous", () => this.step(-1));
    this.next = button(text("dialog.next"), "next", () => this.step(1));
    this.root = element("dialog", { class: "result-dialog", "aria-labelledby": "result-title" },
      element("header", { class: "dialog-header" },
        this.previous, this.next, this.title, button(text("action.close"), "close", () => this.root.close())),
      element("div", { class: "dialog-body" },
        element("div", { class: "pair" },
          element("figure", {}, this.query.root, element("figcaption", {}, text("dialog.query"))),
          element("figure", {}, this.image.root, element("figcaption", {}, text("dialog.result")))),
        element("div", { class: "dialog-side" },
          this.branches.root,
          this.facts,
          element("p", { class: "actions" }, this.searchWith, this.mark))));
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.root.addEventListener("click", (event) => {
      if (event.target === this.root) this.root.close();
    });
    this.root.addEventListener("close", () => onClose(this.imageID));
  }

  /**
   * @param {string} imageID
   * @param {Ranking} ranking
   * @param {string} queryImage the address of the query image, or empty
   */
  open(imageID, ranking, queryImage) {
    this.ranking = ranking;
    const shown = this.query.root.parentElement;
    if (shown) shown.hidden = queryImage === "";
    if (queryImage) this.query.show(queryImage, text("dialog.query.image"));
    this.show(imageID);
    if (!this.root.open) this.root.showModal();
  }

  /**
   * Shows a newer ranking; closes if the image is not in it any more.
   *
   * @param {Ranking} ranking
   */
  update(ranking) {
    if (!this.root.open) return;
    this.ranking = ranking;
    if (this.index < 0) {
      this.root.close();
    } else {
      this.show(this.imageID);
    }
  }

  get index() {
    return this.ranking?.results.findIndex((result) => result.image_id === this.imageID) ?? -1;
  }

  /** @param {string} imageID */
  show(imageID) {
    this.imageID = imageID;
    const results = this.ranking?.results ?? [];
    const index = this.index;
    if (index < 0) return;
    const result = results[index];
    this.title.textContent = text("dialog.rank", { rank: result.rank, count: results.length });
    this.previous.disabled = index === 0;
    this.next.disabled = index === results.length - 1;
    this.image.show(result.image_url, text("dialog.image", { rank: result.rank, person: personText(result) }));
    this.searchWith.disabled = !result.image_url;
    this.facts.replaceChildren(...facts(result, placesMoved(results)[index]));
    this.mark.setAttribute("aria-pressed", String(this.isMarked(imageID)));
    this.attend();
  }

  toggleMark() {
    this.onMark(this.imageID);
    this.mark.setAttribute("aria-pressed", String(this.isMarked(this.imageID)));
  }

  /** Shows the branch chosen for the image on screen. */
  attend() {
    const branch = this.branchOf(this.imageID);
    this.branches.choose(branch);
    void this.image.attend(this.imageID, branch);
  }

  /** @param {number} by */
  step(by) {
    const result = this.ranking?.results[this.index + by];
    if (result) this.show(result.image_id);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^\d$/.test(event.key) && Number(event.key) < this.branches.branches) {
      const digit = Number(event.key);
      return this.onBranch(this.imageID, this.branchOf(this.imageID) === digit ? null : digit);
    }
    // On the branch switches, the arrow keys choose a branch.
    if (event.target instanceof HTMLInputElement) return;
    if (event.key === "x") this.toggleMark();
    if (event.key === "ArrowLeft") this.step(-1);
    if (event.key === "ArrowRight") this.step(1);
  }
}

/** @param {RankingResult} result @param {number | null} moved */
function facts(result, moved) {
  /** @type {[string, string][]} */
  const rows = [
    [text("fact.person"), personText(result)],
    [text("fact.camera"), result.camera_id ?? "–"],
    [text("fact.captured"), moment(result.captured_at)],
    [text("measure.distance"), text("fact.of", { value: decimal(result.distance, 4), most: 4 })],
    [text("measure.similarity"), decimal(result.similarity, 4)],
  ];
  if (typeof result.reranked_distance === "number") {
    rows.push([text("fact.reranked"), text("fact.of", { value: decimal(result.reranked_distance, 4), most: 1 })]);
  }
  if (moved !== null) rows.push([text("fact.movement"), movedSentence(moved)]);
  const probability = probabilityText(result);
  if (probability) rows.push([text("fact.probability"), probability]);
  if (result.external_id) rows.push([text("fact.external"), result.external_id]);
  rows.push([text("fact.image"), result.image_id]);
  return rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]);
}

/** @param {string} label @param {"previous" | "next" | "close"} symbol @param {() => void} action */
function button(label, symbol, action) {
  const properties = { type: "button", class: "icon-button", "aria-label": label, title: label, onclick: action };
  return element("button", properties, icon(symbol));
}
