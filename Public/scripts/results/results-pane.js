import { BranchBar } from "./branch-bar.js";
import { announce, element, notice } from "../dom.js";
import { count, decimal } from "../format.js";
import { showHelp } from "../help-sheet.js";
import { text } from "../text.js";
import { ResultDialog } from "./result-dialog.js";
import { ResultsGrid } from "./results-grid.js";
import { Timeline } from "./timeline.js";
import { ViewTools } from "./view-tools.js";
/** @import { CameraNormalization, Ranking, RankingResult } from "../types.js" */
/** @import { ServiceProblem } from "../api.js" */
/** @import { StreamState } from "../search/ranking-stream.js" */

/** The ranking, how fresh it is, and the attention over its images. */
export class ResultsPane {
  /**
   * @param {object} handlers
   * @param {(result: RankingResult) => void} handlers.onSearchWith with an image of the gallery
   * @param {(results: RankingResult[]) => void} handlers.onSearchWithMarked with several images of one person
   * @param {(from: string, to: string) => void} handlers.onRange narrows the time of the search; empty: not limited
   * @param {() => string} handlers.queryImage the address of the query image, or empty
   * @param {() => void} handlers.onRefresh ranks again over the current gallery
   */
  constructor({ onSearchWith, onSearchWithMarked, onRange, queryImage, onRefresh }) {
    /** @type {Ranking | null} */
    this.ranking = null;
    /**
     * The branch shown over every image.
     *
     * @type {number | null}
     */
    this.branch = null;
    /**
     * Branches chosen for single images.
     *
     * @type {Map<string, number | null>}
     */
    this.branchByImage = new Map();
    /** The marked results, by image id. @type {Map<string, RankingResult>} */
    this.marked = new Map();
    this.queryImage = queryImage;
    /** @param {string} id */
    const isMarked = (id) => this.marked.has(id);
    /** @param {string} id */
    const searchWith = (id) => {
      const result = this.ranking?.results.find(({ image_id }) => image_id === id);
      if (result?.image_url) onSearchWith(result);
    };
    /** @param {string} id */
    const branchOf = (id) => this.branchByImage.has(id) ? this.branchByImage.get(id) ?? null : this.branch;
    this.branchOf = branchOf;
    this.grid = new ResultsGrid({
      onOpen: (id) => this.open(id),
      onMark: (id) => this.mark(id),
      onSearchWith: searchWith,
      onBranch: (id, digit) => {
        if (digit < this.bar.branches) this.attendOne(id, branchOf(id) === digit ? null : digit);
      },
    });
    this.grid.isMarked = isMarked;
    this.timeline = new Timeline({ onOpen: (id) => this.open(id), onMark: (id) => this.mark(id), onRange });
    this.timeline.isMarked = isMarked;
    this.dialog = new ResultDialog({
      onSearchWith: searchWith,
      onMark: (id) => this.mark(id),
      isMarked,
      onBranch: (id, branch) => this.attendOne(id, branch),
      branchOf,
      onClose: (id) => this.grid.focus(id),
    });
    this.bar = new BranchBar(text("branch.label"), (branch) => this.attendAll(branch));
    this.summary = element("p", { class: "summary" });
    this.state = element("p", { class: "state-pill", hidden: true });
    this.refresh = element("button", { type: "button", class: "refresh", hidden: true, onclick: onRefresh },
      text("results.refresh"));
    this.message = element("div", { class: "results-message" });
    this.view = new ViewTools(() => this.arrange(), showHelp);
    this.searchMarked = element("button", { type: "button", class: "primary small",
      onclick: () => onSearchWithMarked(Array.from(this.marked.values())) });
    this.markTools = element("span", { class: "mark-tools", hidden: true }, this.searchMarked,
      element("button", { type: "button", class: "small", onclick: () => this.clearMarks() }, text("marks.clear")));
    this.tools = element("div", { class: "results-tools" },
      this.summary, this.markTools, this.bar.root, this.view.root, this.state, this.refresh);
    this.root = element("section", { class: "results-pane", "aria-label": text("results.pane") },
      this.tools, this.message, this.timeline.root, this.grid.root, this.dialog.root);
    this.arrange();
    this.clear();
  }

  /** @param {number} branches */
  setBranches(branches) {
    this.bar.setBranches(branches);
    this.dialog.branches.setBranches(branches);
  }

  /** Shows that nothing has been searched yet. @param {Node} start what can be done first */
  showEmpty(start) {
    this.message.replaceChildren(start);
  }

  /** Shows the results in the chosen size, with the chosen measure, grouped or not, with the timeline or not. */
  arrange() {
    const { measure, size, grouped, showsTimeline } = this.view;
    Object.assign(this.grid, { measure, size, grouped });
    this.grid.arrange();
    this.timeline.root.hidden = !showsTimeline || !this.ranking || this.ranking.results.length === 0;
    this.drawTimeline();
  }

  drawTimeline() {
    if (!this.ranking || this.timeline.root.hidden) return;
    const { results, query_id, options } = this.ranking;
    const filter = { from: options.captured_from ?? "", to: options.captured_to ?? "" };
    this.timeline.show(results, this.view.measure, filter, query_id ?? "");
  }

  /** Marks a result, or takes the mark away. @param {string} imageID */
  mark(imageID) {
    const result = this.ranking?.results.find(({ image_id }) => image_id === imageID);
    if (!this.marked.delete(imageID) && result) this.marked.set(imageID, result);
    this.showMarks();
    announce(text("marks.said", { count: this.marked.size }));
  }

  clearMarks() {
    this.marked.clear();
    this.showMarks();
    this.grid.focus(this.grid.focused);
  }

  showMarks() {
    this.markTools.hidden = this.marked.size === 0;
    this.searchMarked.textContent = text("marks.search", { count: this.marked.size });
    this.grid.render();
    this.timeline.draw();
  }

  /**
   * Does what a key means for the results, wherever the focus is; returns whether it means anything.
   *
   * @param {string} key
   */
  key(key) {
    if (key === "?") showHelp();
    else if (key === "S" && this.marked.size > 0) this.searchMarked.click();
    else if (key === "r" && this.grid.focused) this.grid.focus(this.grid.focused);
    else return this.view.key(key);
    return true;
  }

  showNoGallery() {
    this.message.replaceChildren(notice("empty", text("results.no-gallery"),
      text("gallery.create")));
  }

  /** Removes the ranking from the screen. */
  clear() {
    this.ranking = null;
    this.branchByImage.clear();
    this.marked.clear();
    this.markTools.hidden = true;
    this.timeline.root.hidden = true;
    this.grid.clear();
    this.message.replaceChildren();
    this.summary.textContent = "";
    this.state.hidden = true;
    this.refresh.hidden = true;
    this.tools.hidden = true;
  }

  /** @param {number} limit the number of results asked for */
  showSearching(limit) {
    this.root.setAttribute("aria-busy", "true");
    this.message.replaceChildren();
    this.tools.hidden = false;
    this.summary.textContent = text("results.searching");
    announce(text("results.searching.said"));
    if (!this.ranking) this.grid.showSkeleton(limit);
  }

  /** @param {ServiceProblem} problem @param {() => void} [again] tries again, if that may help */
  showProblem(problem, again) {
    this.root.setAttribute("aria-busy", "false");
    const actions = again ? [element("button", { type: "button", onclick: again }, text("action.again"))] : [];
    this.message.replaceChildren(notice("error", problem.title, problem.message, ...actions));
    if (this.ranking) {
      this.summarize(this.ranking);
    } else {
      this.grid.clear();
      this.tools.hidden = true;
    }
  }

  /** @param {string} text */
  explain(text) {
    this.message.replaceChildren(notice("empty", text));
  }

  /** @param {Ranking} ranking @param {number} [elapsed] milliseconds from the search to this answer */
  showRanking(ranking, elapsed) {
    const known = this.ranking?.query_id === ranking.query_id ? this.ranking : null;
    const before = new Set(known?.results.map(({ image_id }) => image_id));
    const fresh = new Set(known ? ranking.results.map(({ image_id }) => image_id).filter((id) => !before.has(id)) : []);
    const unchanged = known?.revision === ranking.revision;
    this.ranking = ranking;
    this.root.setAttribute("aria-busy", "false");
    this.message.replaceChildren();
    this.tools.hidden = false;
    if (!unchanged) {
      this.view.offer(ranking.results);
      this.grid.measure = this.view.measure;
      this.grid.show(ranking.results, fresh);
      this.timeline.root.hidden = !this.view.showsTimeline || ranking.results.length === 0;
      this.drawTimeline();
    }
    for (const warning of ranking.warnings ?? []) this.message.append(notice("warning", warning));
    if (ranking.results.length === 0) {
      this.message.append(notice("empty", text("results.none"),
        ranking.gallery_size === 0 ? text("results.empty") : text("results.loosen")));
    }
    this.summarize(ranking, elapsed);
    this.attend();
    this.dialog.update(ranking);
    if (!unchanged) announce(sentence(ranking, known !== null, fresh.size));
  }

  /** @param {Ranking} ranking @param {number} [elapsed] */
  summarize({ results, gallery, gallery_size, revision, camera_normalization, timing_ms }, elapsed) {
    this.summary.replaceChildren(
      element("b", {}, text("results.count", { shown: count(results.length), all: count(gallery_size), count: gallery_size })),
      ` ${text("results.where", { gallery, revision: count(revision) })}`,
      evened(camera_normalization),
      elapsed === undefined ? "" : ` · ${decimal(elapsed, 0)} ms`);
    const steps = Object.entries(timing_ms ?? {}).map(([step, time]) => `${step} ${decimal(time, 1)} ms`);
    this.summary.title = text("results.timing", { steps: steps.join(", ") });
  }

  /** @param {StreamState} state @param {boolean} standing whether the query is ranked again when the gallery changes */
  showState(state, standing) {
    const texts = {
      connecting: text("state.connecting"),
      live: text(standing ? "state.watching" : "state.live"),
      paused: text("state.paused"),
      ended: text("state.ended"),
      retrying: "",
    };
    if (state.kind === "live" && this.state.dataset.state === "retrying") this.grid.reload();
    if (state.kind !== "live") this.showStale(false);
    this.state.hidden = !this.refresh.hidden;
    this.state.dataset.state = state.kind;
    const said = state.kind === "retrying" ? text("state.retrying", { seconds: state.seconds }) : texts[state.kind];
    if (this.state.textContent !== said) this.state.replaceChildren(element("span", {}, said));
    this.state.title = state.kind === "retrying" ? state.problem.message : "";
    if (state.kind === "ended") {
      this.root.setAttribute("aria-busy", "false");
      if (!this.ranking) this.grid.clear();
    }
    if (state.kind === "retrying" && !this.ranking) {
      this.message.replaceChildren(notice("error", state.problem.title, state.problem.message));
    }
  }

  /** @param {boolean} stale whether the gallery has changed since the ranking was made */
  showStale(stale) {
    if (stale && this.refresh.hidden) announce(text("results.newer"));
    this.refresh.hidden = !stale;
    this.state.hidden = stale;
  }

  /** @param {string} imageID */
  open(imageID) {
    if (this.ranking) this.dialog.open(imageID, this.ranking, this.queryImage());
  }

  /** @param {number | null} branch */
  attendAll(branch) {
    this.branch = branch;
    this.branchByImage.clear();
    this.attend();
  }

  /** @param {string} imageID @param {number | null} branch */
  attendOne(imageID, branch) {
    this.branchByImage.set(imageID, branch);
    announce(branch === null ? text("branch.none") : text("branch.one", { branch }));
    this.attend();
  }

  attend() {
    this.bar.choose(this.branch);
    this.grid.attend(this.branchOf);
    if (this.dialog.root.open) this.dialog.attend();
  }
}

/**
 * What was done about the differences between cameras.
 *
 * @param {CameraNormalization} [normalization]
 */
function evened(normalization) {
  if (!normalization?.applied) return "";
  const { cameras, query_mean } = normalization;
  return ` · ${text(query_mean === "camera" ? "results.evened" : "results.evened.unknown", { count: cameras })}`;
}

/** @param {Ranking} ranking @param {boolean} updated @param {number} fresh */
function sentence({ results, revision, warnings }, updated, fresh) {
  if (!updated) return [text("results.said", { count: results.length }), ...warnings ?? []].join(" ");
  return text("results.updated", { revision, count: fresh });
}
