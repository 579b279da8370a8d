import { announce, element } from "../dom.js";
import { moment } from "../format.js";
import { text } from "../text.js";
import { measureName, measureText } from "./measures.js";
import { TimelineScale } from "./timeline-scale.js";
/** @import { RankingResult } from "../types.js" */
/** @import { Measure } from "./measures.js" */

/** The results of which each mark is drawn large. */
const largeRanks = 10;

/** @typedef {{result: RankingResult, time: number, lane: number, button: HTMLButtonElement}} Hit */

/** The results on a time axis, one lane for each camera; dragging over it narrows the time of the search. */
export class Timeline {
  /**
   * @param {object} handlers
   * @param {(imageID: string) => void} handlers.onOpen
   * @param {(imageID: string) => void} handlers.onMark
   * @param {(from: string, to: string) => void} handlers.onRange RFC 3339 times; empty: not limited
   */
  constructor(handlers) {
    this.handlers = handlers;
    this.scale = new TimelineScale();
    /** The hits in the order of their time. @type {Hit[]} */
    this.hits = [];
    /** @type {string[]} */
    this.lanes = [];
    /** @type {(imageID: string) => boolean} */
    this.isMarked = () => false;
    this.focused = "";
    this.queryID = "";
    /** Where a drag began, as a time; null: none. @type {number | null} */
    this.dragged = null;
    this.pending = { from: "", to: "" };
    this.names = element("ul", { class: "lane-names" });
    this.brush = element("span", { class: "brush", hidden: true });
    this.ticks = element("span", { class: "ticks", "aria-hidden": "true" });
    this.path = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.path.setAttribute("class", "path");
    this.path.setAttribute("aria-hidden", "true");
    this.marks = element("span", { class: "hits", role: "group", "aria-label": text("timeline.label") });
    this.plot = element("div", { class: "plot" }, this.ticks, this.path, this.brush, this.marks);
    this.note = element("span", { class: "hint" });
    this.filter = element("button", { type: "button", class: "small", hidden: true, onclick: () => this.handlers.onRange("", "") },
      text("timeline.clear"));
    this.narrow = element("button", { type: "button", class: "small", onclick: () => this.narrowToView() }, text("timeline.narrow"));
    this.whole = element("button", { type: "button", class: "small", onclick: () => this.showAll() }, text("timeline.whole"));
    this.root = element("section", { class: "timeline", "aria-label": text("timeline.label"), hidden: true },
      element("div", { class: "timeline-body" }, this.names, this.plot),
      element("div", { class: "timeline-tools" },
        element("span", { class: "hint" }, text("timeline.help")), this.note,
        this.filter, this.narrow, this.whole,
        element("button", { type: "button", class: "small", "aria-label": text("timeline.zoom.out"), onclick: () => this.zoom(2) }, "−"),
        element("button", { type: "button", class: "small", "aria-label": text("timeline.zoom.in"), onclick: () => this.zoom(0.5) }, "+")));
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.plot.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.plot.addEventListener("pointerdown", (event) => this.press(event));
    this.plot.addEventListener("pointermove", (event) => this.drag(event));
    this.plot.addEventListener("pointerup", (event) => this.release(event));
    this.plot.addEventListener("pointercancel", () => this.cancel());
    new ResizeObserver(() => this.draw()).observe(this.plot);
  }

  /**
   * @param {RankingResult[]} results
   * @param {Measure} measure
   * @param {{from: string, to: string}} filter the time filter of the search; empty: none
   * @param {string} queryID while it stays, so does what is on the screen of the time axis
   */
  show(results, measure, filter, queryID) {
    const dated = results.filter(({ captured_at }) => captured_at && !Number.isNaN(Date.parse(captured_at)));
    const collator = new Intl.Collator("en", { numeric: true });
    this.lanes = Array.from(new Set(dated.map(({ camera_id }) => camera_id ?? ""))).sort(collator.compare);
    this.names.replaceChildren(...this.lanes.map((lane) =>
      element("li", { title: lane }, lane || text("timeline.unnamed"))));
    this.hits = dated.map((result) => ({
      result, time: Date.parse(result.captured_at ?? ""), lane: this.lanes.indexOf(result.camera_id ?? ""),
      button: this.button(result, measure, results.length),
    }));
    // The best are drawn last, on top of the others.
    this.marks.replaceChildren(...Array.from(this.hits, ({ button }) => button).reverse());
    this.hits.sort((a, b) => a.time - b.time || a.result.rank - b.result.rank);
    if (!dated.some(({ image_id }) => image_id === this.focused)) this.focused = dated[0]?.image_id ?? "";
    const undated = results.length - dated.length;
    this.note.textContent = dated.length === 0 ? text("timeline.none") : undated > 0 ? text("timeline.undated", { count: undated }) : "";
    this.filter.hidden = filter.from === "" && filter.to === "";
    this.pending = filter;
    this.plot.hidden = dated.length === 0;
    const { from, to, isWhole } = this.scale;
    if (dated.length > 0) this.scale.cover(this.hits.map(({ time }) => time));
    if (!isWhole && queryID === this.queryID) this.scale.show(from, Math.min(to - from, this.scale.last - this.scale.first));
    this.queryID = queryID;
    this.draw();
  }

  /** @param {RankingResult} result @param {Measure} measure @param {number} results */
  button(result, measure, results) {
    const { image_id, rank, camera_id, captured_at } = result;
    const label = text("timeline.hit", {
      rank, camera: camera_id ?? text("timeline.unnamed"), time: moment(captured_at),
      measure: `${measureName(measure)} ${measureText(result, measure)}`,
    });
    const button = element("button", {
      type: "button", class: rank <= largeRanks ? "hit best" : "hit", tabIndex: -1, title: label, "aria-label": label,
      onclick: () => this.handlers.onOpen(image_id), onfocus: () => this.track(image_id),
    });
    const strength = typeof result.probability === "number" ? result.probability : 1 - (rank - 1) / Math.max(results, 1);
    button.style.setProperty("--strength", String(0.25 + 0.75 * strength));
    return button;
  }

  /** Puts everything where the visible part of the time axis has it. */
  draw() {
    if (this.root.hidden || this.hits.length === 0) return;
    const height = 100 / this.lanes.length;
    this.plot.style.setProperty("--lanes", String(this.lanes.length));
    for (const { result, time, lane, button } of this.hits) {
      const position = this.scale.position(time);
      button.hidden = position < 0 || position > 1;
      button.style.left = `${100 * position}%`;
      button.style.top = `${height * (lane + 0.5)}%`;
      button.tabIndex = result.image_id === this.focused ? 0 : -1;
      button.classList.toggle("marked", this.isMarked(result.image_id));
    }
    const most = Math.max(2, Math.floor(this.plot.clientWidth / 110));
    this.ticks.replaceChildren(...this.scale.ticks(most).map(({ time, text }) => {
      const tick = element("span", { class: "tick" }, text);
      tick.style.left = `${100 * this.scale.position(time)}%`;
      return tick;
    }));
    this.drawPath(height);
    this.whole.disabled = this.scale.isWhole;
    this.narrow.disabled = this.scale.isWhole;
  }

  /** Connects the marked images in the order of their time: the way that the person took. @param {number} height */
  drawPath(height) {
    const points = this.hits.filter(({ result }) => this.isMarked(result.image_id))
      .map(({ time, lane }) => `${100 * this.scale.position(time)},${height * (lane + 0.5)}`);
    const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
    line.setAttribute("points", points.join(" "));
    this.path.setAttribute("viewBox", "0 0 100 100");
    this.path.setAttribute("preserveAspectRatio", "none");
    this.path.replaceChildren(line);
  }

  showAll() {
    this.scale.showAll();
    this.draw();
  }

  /** @param {number} factor @param {number} [around] a time; absent: the hit with the focus, or the middle */
  zoom(factor, around) {
    const hit = this.hits.find(({ result }) => result.image_id === this.focused);
    const seen = hit && hit.time >= this.scale.from && hit.time <= this.scale.to ? hit.time : this.scale.time(0.5);
    this.scale.zoom(factor, around ?? seen);
    this.draw();
  }

  narrowToView() {
    this.handlers.onRange(instant(this.scale.from), instant(this.scale.to));
  }

  /** @param {string} imageID */
  track(imageID) {
    this.focused = imageID;
    for (const { result, button } of this.hits) button.tabIndex = result.image_id === imageID ? 0 : -1;
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    if (event.ctrlKey) return;
    event.preventDefault();
    const turn = event.deltaY || event.deltaX;
    if (event.shiftKey) this.scale.pan(Math.sign(turn) * 0.15);
    else this.scale.zoom(turn > 0 ? 1.25 : 0.8, this.timeAt(event));
    this.draw();
  }

  /** @param {MouseEvent} event */
  timeAt({ clientX }) {
    const { left, width } = this.plot.getBoundingClientRect();
    return this.scale.time(Math.min(Math.max((clientX - left) / width, 0), 1));
  }

  /** @param {PointerEvent} event */
  press(event) {
    if (event.button !== 0 || (event.target instanceof Element && event.target.closest("button"))) return;
    this.dragged = this.timeAt(event);
    this.plot.setPointerCapture(event.pointerId);
  }

  /** @param {PointerEvent} event */
  drag(event) {
    if (this.dragged === null) return;
    const ends = [this.scale.position(this.dragged), this.scale.position(this.timeAt(event))].sort((a, b) => a - b);
    this.brush.hidden = false;
    this.brush.style.left = `${100 * ends[0]}%`;
    this.brush.style.width = `${100 * (ends[1] - ends[0])}%`;
  }

  /** @param {PointerEvent} event */
  release(event) {
    if (this.dragged === null) return;
    const ends = [this.dragged, this.timeAt(event)].sort((a, b) => a - b);
    this.cancel();
    // A press without a drag means nothing.
    if (this.scale.position(ends[1]) - this.scale.position(ends[0]) > 0.005) this.handlers.onRange(instant(ends[0]), instant(ends[1]));
  }

  cancel() {
    this.dragged = null;
    this.brush.hidden = true;
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || this.hits.length === 0) return;
    const hit = this.hits.find(({ result }) => result.image_id === this.focused) ?? this.hits[0];
    const at = this.hits.indexOf(hit);
    /** @param {number} by */
    const lane = (by) => this.hits.filter((other) => Math.sign(other.lane - hit.lane) === by).sort((a, b) =>
      Math.abs(a.lane - hit.lane) - Math.abs(b.lane - hit.lane) || Math.abs(a.time - hit.time) - Math.abs(b.time - hit.time))[0];
    /** @type {Record<string, () => void>} */
    const actions = {
      "ArrowLeft": () => this.focus(this.hits[at - 1]),
      "ArrowRight": () => this.focus(this.hits[at + 1]),
      "ArrowUp": () => this.focus(lane(-1)),
      "ArrowDown": () => this.focus(lane(1)),
      "Home": () => this.focus(this.hits[0]),
      "End": () => this.focus(this.hits[this.hits.length - 1]),
      "+": () => this.zoom(0.5),
      "-": () => this.zoom(2),
      "0": () => this.showAll(),
      "x": () => this.handlers.onMark(hit.result.image_id),
      "n": () => this.narrowToView(),
      "[": () => this.limit({ from: instant(hit.time), to: this.pending.to }),
      "]": () => this.limit({ from: this.pending.from, to: instant(hit.time + 1000) }),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  }

  /** @param {Hit | undefined} hit */
  focus(hit) {
    if (!hit) return;
    this.track(hit.result.image_id);
    this.scale.reveal(hit.time);
    this.draw();
    hit.button.focus();
  }

  /** @param {{from: string, to: string}} filter */
  limit(filter) {
    this.pending = filter;
    announce(text("timeline.from", { time: `${moment(filter.from)} – ${moment(filter.to)}` }));
    this.handlers.onRange(filter.from, filter.to);
  }
}

/** @param {number} time in milliseconds @returns {string} RFC 3339, in whole seconds */
function instant(time) {
  return new Date(Math.round(time / 1000) * 1000).toISOString().replace(".000Z", "Z");
}
