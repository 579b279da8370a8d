import { element } from "../dom.js";
import { placesMoved, ResultTile } from "./result-tile.js";
/** @import { RankingResult } from "../types.js" */

/**
 * The results as a grid of images. One tab stop; the arrow keys, Home and End move inside it, a digit shows a branch's
 * attention over the image that has the focus.
 */
export class ResultsGrid {
  /**
   * @param {object} handlers
   * @param {(imageID: string) => void} handlers.onOpen
   * @param {(imageID: string) => void} handlers.onSearchWith
   * @param {(imageID: string, digit: number) => void} handlers.onBranch
   */
  constructor({ onOpen, onSearchWith, onBranch }) {
    this.handlers = { onOpen, onSearchWith, onBranch };
    /** @type {Map<string, ResultTile>} by image id, in the order of the ranking */
    this.tiles = new Map();
    this.focused = "";
    /**
     * The branch whose attention is shown over an image.
     *
     * @type {(imageID: string) => number | null}
     */
    this.branchOf = () => null;
    /**
     * The ids of images on the screen or near it; attention is fetched only for these.
     *
     * @type {Set<string>}
     */
    this.visible = new Set();
    this.observer = new IntersectionObserver((entries) => this.see(entries), { rootMargin: "100px" });
    this.root = element("ol", { class: "results", "aria-label": "Results, best first" });
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.root.addEventListener("focusin", (event) => this.track(event.target));
  }

  /**
   * @param {RankingResult[]} results
   * @param {Set<string>} fresh ids of images that were not there before
   */
  show(results, fresh) {
    const moved = placesMoved(results);
    const hadFocus = this.root.contains(document.activeElement);
    this.track(document.activeElement);
    const before = this.tiles;
    this.tiles = new Map();
    results.forEach((result, index) => {
      const id = result.image_id;
      const tile = before.get(id) ?? new ResultTile(() => this.handlers.onOpen(id));
      tile.show(result, moved[index], fresh.has(id));
      tile.root.dataset.image = id;
      if (!before.has(id)) this.observer.observe(tile.root);
      this.tiles.set(id, tile);
    });
    for (const [id, tile] of before) if (!this.tiles.has(id)) this.forget(id, tile);
    for (const item of Array.from(this.root.children)) {
      if (!(item instanceof HTMLElement) || !this.tiles.has(item.dataset.image ?? "")) item.remove();
    }
    Array.from(this.tiles.values()).forEach(({ root }, index) => {
      const standing = this.root.children[index];
      if (standing !== root) this.root.insertBefore(root, standing ?? null);
    });
    this.makeTabStop(this.tiles.has(this.focused) ? this.focused : results[0]?.image_id ?? "");
    if (hadFocus) this.tiles.get(this.focused)?.button.focus({ preventScroll: true });
  }

  /**
   * Shows empty frames of the right size until the first answer arrives.
   *
   * @param {number} number
   */
  showSkeleton(number) {
    this.clear();
    const tile = () => element("li", { "aria-hidden": "true" },
      element("span", { class: "tile skeleton" },
        element("span", { class: "frame" }),
        element("span", { class: "tile-text" })));
    this.root.replaceChildren(...Array.from({ length: Math.min(number, 24) }, tile));
  }

  clear() {
    for (const [id, tile] of this.tiles) this.forget(id, tile);
    this.tiles = new Map();
    this.focused = "";
    this.root.replaceChildren();
  }

  /** @param {string} id @param {ResultTile} tile */
  forget(id, tile) {
    this.observer.unobserve(tile.root);
    this.visible.delete(id);
    void tile.image.attend(id, null);
  }

  /** @param {(imageID: string) => number | null} branchOf */
  attend(branchOf) {
    this.branchOf = branchOf;
    for (const [id, tile] of this.tiles) void tile.image.attend(id, this.visible.has(id) ? branchOf(id) : null);
  }

  /** @param {IntersectionObserverEntry[]} entries */
  see(entries) {
    for (const { target, isIntersecting } of entries) {
      const id = target instanceof HTMLElement ? target.dataset.image ?? "" : "";
      if (isIntersecting) this.visible.add(id);
      else this.visible.delete(id);
      void this.tiles.get(id)?.image.attend(id, isIntersecting ? this.branchOf(id) : null);
    }
  }

  /** Tries again to load images that could not be loaded. */
  reload() {
    for (const tile of this.tiles.values()) tile.image.reload();
  }

  /** @param {string} imageID */
  focus(imageID) {
    const tile = this.tiles.get(imageID);
    if (!tile) return;
    this.makeTabStop(imageID);
    tile.button.focus();
  }

  /** @param {string} imageID */
  makeTabStop(imageID) {
    this.focused = imageID;
    for (const [id, tile] of this.tiles) tile.button.tabIndex = id === imageID ? 0 : -1;
  }

  /** @param {EventTarget | null} target */
  track(target) {
    const item = target instanceof Element ? target.closest("li") : null;
    if (item?.dataset.image) this.makeTabStop(item.dataset.image);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const ids = Array.from(this.tiles.keys());
    const at = ids.indexOf(this.focused);
    if (at < 0) return;
    if (/^\d$/.test(event.key)) return this.handlers.onBranch(this.focused, Number(event.key));
    if (event.key === "s") return this.handlers.onSearchWith(this.focused);
    const columns = this.columns();
    /** @type {Record<string, number>} */
    const targets = {
      ArrowLeft: at - 1,
      ArrowRight: at + 1,
      ArrowUp: at - columns,
      ArrowDown: at + columns,
      Home: 0,
      End: ids.length - 1,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    if (target >= 0 && target < ids.length) this.focus(ids[target]);
  }

  /** The number of tiles in the first row. */
  columns() {
    const items = Array.from(this.root.children);
    const first = items[0] instanceof HTMLElement ? items[0].offsetTop : 0;
    const next = items.findIndex((item) => item instanceof HTMLElement && item.offsetTop > first);
    return next < 0 ? Math.max(items.length, 1) : next;
  }
}
