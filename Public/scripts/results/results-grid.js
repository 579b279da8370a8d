import { element } from "../dom.js";
import { text } from "../text.js";
import { layOut, leftOf, tileWidths } from "./grid-layout.js";
import { measureText } from "./measures.js";
import { placesMoved, ResultTile } from "./result-tile.js";
/** @import { RankingResult } from "../types.js" */
/** @import { Group, Layout, Row } from "./grid-layout.js" */
/** @import { Measure } from "./measures.js" */

/** The pixels above and below the screen for which tiles exist, and the most tiles kept for reuse. */
const margin = 500;
const spareTiles = 80;

/**
 * The results as a grid of images, of which only those near the screen exist. One tab stop; the arrow keys, Home, End,
 * Page Up and Page Down move inside it, a digit shows a branch's attention over the image that has the focus.
 */
export class ResultsGrid {
  /**
   * @param {object} handlers
   * @param {(imageID: string) => void} handlers.onOpen
   * @param {(imageID: string) => void} handlers.onMark
   * @param {(imageID: string) => void} handlers.onSearchWith
   * @param {(imageID: string, digit: number) => void} handlers.onBranch
   */
  constructor(handlers) {
    this.handlers = handlers;
    /** @type {RankingResult[]} */
    this.results = [];
    /** @type {Map<string, number | null>} */
    this.moved = new Map();
    /** @type {Set<string>} */
    this.fresh = new Set();
    /** @type {(imageID: string) => boolean} */
    this.isMarked = () => false;
    /** @type {Measure} */
    this.measure = "similarity";
    this.size = "M";
    this.grouped = false;
    /** @type {Layout} */
    this.layout = { rows: [], columns: 1, tileWidth: tileWidths.M, height: 0 };
    /** The tiles that exist, by image id. @type {Map<string, ResultTile>} */
    this.tiles = new Map();
    /** @type {Map<string, HTMLElement>} by person */
    this.headings = new Map();
    /** @type {ResultTile[]} */
    this.spares = [];
    this.focused = "";
    this.frame = 0;
    this.width = 0;
    /** The rows near the screen and the focus, as the tiles show them. */
    this.window = "";
    /** @type {(imageID: string) => number | null} the branch whose attention is shown over an image */
    this.branchOf = () => null;
    this.root = element("ol", { class: "results", "aria-label": text("results.label") });
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.root.addEventListener("focusin", (event) => this.track(event.target));
    addEventListener("scroll", () => this.renderSoon(), { passive: true });
    addEventListener("resize", () => this.renderSoon());
    new ResizeObserver(() => {
      if (this.root.clientWidth !== this.width) this.arrange();
    }).observe(this.root);
  }

  /**
   * @param {RankingResult[]} results
   * @param {Set<string>} fresh ids of images that were not there before
   */
  show(results, fresh) {
    if (this.results.length === 0) this.root.replaceChildren();
    const moved = placesMoved(results);
    this.results = results;
    this.moved = new Map(results.map(({ image_id }, index) => [image_id, moved[index]]));
    this.fresh = fresh;
    if (!this.moved.has(this.focused)) this.focused = results[0]?.image_id ?? "";
    this.arrange();
  }

  /** Places all rows anew, for example because of another width, size or grouping. */
  arrange() {
    this.width = this.root.clientWidth;
    if (this.results.length === 0 || this.width === 0) return;
    const tile = Math.min(tileWidths[this.size], (this.width - 16) / 3);
    this.layout = layOut(this.results, { width: this.width, tile, grouped: this.grouped });
    this.root.style.height = `${this.layout.height}px`;
    for (const heading of this.headings.values()) heading.remove();
    this.headings.clear();
    this.render();
  }

  renderSoon() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.renderRows(false);
    });
  }

  /** Makes the tiles near the screen, removes the others, and shows all of them anew. */
  render() {
    this.renderRows(true);
  }

  /** @param {boolean} anew whether tiles that are there are shown anew; scrolling only adds and removes some */
  renderRows(anew) {
    if (this.results.length === 0) return;
    const { rows } = this.layout;
    const top = -this.root.getBoundingClientRect().top;
    const near = rows.filter((row) => row.top + row.height > top - margin && row.top < top + innerHeight + margin);
    const window = `${rows.indexOf(near[0])} ${near.length} ${this.focused}`;
    if (!anew && window === this.window) return;
    this.window = window;
    // The tile with the focus stays, so that the focus does not get lost by scrolling.
    const focus = rows.find((row) => row.results.some(({ image_id }) => image_id === this.focused));
    const shown = rows.filter((row) => near.includes(row) || row === focus);
    const kept = new Set(near.flatMap(({ results }) => results.map(({ image_id }) => image_id)));
    if (focus) kept.add(this.focused);
    for (const [id, tile] of this.tiles) if (!kept.has(id)) this.forget(id, tile);
    const people = new Set(near.map(({ group }) => group?.person));
    for (const [person, heading] of this.headings) {
      if (people.has(person)) continue;
      heading.remove();
      this.headings.delete(person);
    }
    /** @type {Element | null} */
    let next = this.root.firstElementChild;
    /** @param {HTMLElement} item */
    const place = (item) => {
      if (item === next) next = item.nextElementSibling;
      else this.root.insertBefore(item, next);
    };
    for (const row of shown) {
      if (row.group) place(this.heading(row.group, row.top));
      for (const [column, result] of row.results.entries()) {
        if (!kept.has(result.image_id)) continue;
        place((anew ? undefined : this.tiles.get(result.image_id))?.root ?? this.tile(result, row, leftOf(this.layout, column)).root);
      }
    }
  }

  /** @param {RankingResult} result @param {Row} row @param {number} left */
  tile(result, { top, height }, left) {
    const id = result.image_id;
    const tile = this.tiles.get(id) ?? this.spares.pop() ?? new ResultTile(this.handlers);
    this.tiles.set(id, tile);
    tile.show(result, {
      moved: this.moved.get(id) ?? null,
      fresh: this.fresh.has(id),
      marked: this.isMarked(id),
      measure: this.measure,
    });
    tile.button.tabIndex = id === this.focused ? 0 : -1;
    tile.root.setAttribute("aria-setsize", String(this.results.length));
    tile.root.setAttribute("aria-posinset", String(result.rank));
    tile.root.style.transform = `translate(${left}px, ${top}px)`;
    tile.root.style.width = `${this.layout.tileWidth}px`;
    tile.root.style.height = `${height}px`;
    void tile.image.attend(id, this.branchOf(id));
    return tile;
  }

  /** @param {Group} group @param {number} top */
  heading({ person, results }, top) {
    const cameras = new Set(results.map(({ camera_id }) => camera_id).filter(Boolean)).size;
    const heading = this.headings.get(person) ?? element("li", { class: "group-heading" });
    this.headings.set(person, heading);
    heading.style.transform = `translate(0, ${top}px)`;
    heading.replaceChildren(
      element("b", {}, person || text("group.unnamed")),
      element("span", {}, text("group.images", { count: results.length })),
      element("span", {}, text("group.cameras", { count: cameras })),
      element("span", {}, text("group.best", { value: measureText(results[0], this.measure) })));
    return heading;
  }

  /** @param {string} id @param {ResultTile} tile */
  forget(id, tile) {
    this.tiles.delete(id);
    tile.root.remove();
    void tile.image.attend(id, null);
    if (this.spares.length < spareTiles) this.spares.push(tile);
  }

  /**
   * Shows empty frames of the right size until the first answer arrives.
   *
   * @param {number} number
   */
  showSkeleton(number) {
    this.clear();
    const { columns, tileWidth } = layOut([], { width: this.root.clientWidth, tile: tileWidths[this.size], grouped: false });
    const shown = Math.min(number, 3 * columns);
    this.root.style.height = `${Math.ceil(shown / columns) * (2 * tileWidth + 66)}px`;
    this.root.replaceChildren(...Array.from({ length: shown }, (_, index) => {
      const item = element("li", { "aria-hidden": "true" },
        element("span", { class: "tile skeleton" }, element("span", { class: "frame" }), element("span", { class: "tile-text" })));
      const left = leftOf({ ...this.layout, tileWidth }, index % columns);
      item.style.width = `${tileWidth}px`;
      item.style.transform = `translate(${left}px, ${Math.floor(index / columns) * (2 * tileWidth + 66)}px)`;
      return item;
    }));
  }

  clear() {
    for (const [id, tile] of this.tiles) this.forget(id, tile);
    this.results = [];
    for (const heading of this.headings.values()) heading.remove();
    this.headings.clear();
    this.layout.rows = [];
    this.focused = "";
    this.root.style.height = "0";
    this.root.replaceChildren();
  }

  /** @param {(imageID: string) => number | null} branchOf */
  attend(branchOf) {
    this.branchOf = branchOf;
    for (const [id, tile] of this.tiles) void tile.image.attend(id, branchOf(id));
  }

  /** Tries again to load images that could not be loaded. */
  reload() {
    for (const tile of this.tiles.values()) tile.image.reload();
  }

  /** Scrolls to a result and gives it the focus. @param {string} imageID */
  focus(imageID) {
    const row = this.layout.rows.find(({ results }) => results.some(({ image_id }) => image_id === imageID));
    if (!row) return;
    this.focused = imageID;
    const covered = (this.root.parentElement?.querySelector(".results-tools")?.getBoundingClientRect().bottom ?? 0) + 10;
    const top = this.root.getBoundingClientRect().top + row.top;
    if (top < covered) scrollBy(0, top - covered);
    else if (top + row.height > innerHeight - 8) scrollBy(0, Math.min(top - covered, top + row.height - innerHeight + 12));
    this.render();
    this.tiles.get(imageID)?.button.focus({ preventScroll: true });
  }

  /** @param {EventTarget | null} target */
  track(target) {
    const item = target instanceof Element ? target.closest("li") : null;
    if (!item?.dataset.image) return;
    this.focused = item.dataset.image;
    for (const [id, tile] of this.tiles) tile.button.tabIndex = id === this.focused ? 0 : -1;
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.focused) return;
    if (/^\d$/.test(event.key)) return this.handlers.onBranch(this.focused, Number(event.key));
    if (event.key === "s") return this.handlers.onSearchWith(this.focused);
    if (event.key === "x") return this.handlers.onMark(this.focused);
    const target = this.target(event.key);
    if (target === null) return;
    event.preventDefault();
    if (target) this.focus(target.image_id);
  }

  /**
   * The result to which a key leads; undefined at the edge, null if the key does not move.
   *
   * @param {string} key
   * @returns {RankingResult | undefined | null}
   */
  target(key) {
    const rows = this.layout.rows.filter(({ group }) => group === null);
    const at = rows.findIndex(({ results }) => results.some(({ image_id }) => image_id === this.focused));
    if (at < 0) return null;
    const order = rows.flatMap(({ results }) => results);
    const index = order.findIndex(({ image_id }) => image_id === this.focused);
    const column = rows[at].results.findIndex(({ image_id }) => image_id === this.focused);
    const page = Math.max(1, Math.floor((innerHeight - 140) / rows[0].height));
    /** @param {number} row */
    const below = (row) => {
      const { results } = rows[Math.min(Math.max(row, 0), rows.length - 1)];
      return results[Math.min(column, results.length - 1)];
    };
    switch (key) {
      case "ArrowLeft": return order[index - 1];
      case "ArrowRight": return order[index + 1];
      case "ArrowUp": return at === 0 ? undefined : below(at - 1);
      case "ArrowDown": return at === rows.length - 1 ? undefined : below(at + 1);
      case "PageUp": return below(at - page);
      case "PageDown": return below(at + page);
      case "Home": return order[0];
      case "End": return order[order.length - 1];
      default: return null;
    }
  }
}
