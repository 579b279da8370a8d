import { element } from "../dom.js";
import { remember, remembered } from "../storage.js";
import { text } from "../text.js";
import { tileWidths } from "./grid-layout.js";
import { availableMeasures, measureName, shownMeasure } from "./measures.js";
/** @import { RankingResult } from "../types.js" */

/** How the results are shown: one measure, the size of the images, by person or not, with a timeline or not. */
export class ViewTools {
  /**
   * @param {() => void} onChange
   * @param {() => void} onHelp
   */
  constructor(onChange, onHelp) {
    this.onChange = onChange;
    /** @type {RankingResult[]} */
    this.results = [];
    this.select = element("select", { id: "measure", "aria-label": text("measure.label"), onchange: () => {
      remember("measure", this.select.value);
      onChange();
    } });
    this.size = remembered("size") ?? "M";
    if (!(this.size in tileWidths)) this.size = "M";
    this.sizes = element("span", { class: "segments" }, ...Object.keys(tileWidths).map((size) =>
      element("label", {},
        element("input", {
          type: "radio", name: "tile-size", value: size, checked: size === this.size,
          "aria-label": text(`view.size.${size}`), onchange: () => this.resize(size),
        }),
        element("span", { "aria-hidden": "true" }, size))));
    this.group = toggle("group", text("view.group"), "G", onChange);
    this.timeline = toggle("timeline", text("view.timeline"), "T", onChange);
    this.root = element("div", { class: "view-tools" },
      this.select,
      element("fieldset", { class: "size-bar" },
        element("legend", { class: "visually-hidden" }, text("view.size")), this.sizes),
      this.group, this.timeline,
      element("button", { type: "button", class: "quiet help-button", title: text("help.open"),
        "aria-label": text("help.open"), onclick: onHelp }, "?"));
  }

  get grouped() {
    return this.group.getAttribute("aria-pressed") === "true";
  }

  get showsTimeline() {
    return this.timeline.getAttribute("aria-pressed") === "true";
  }

  get measure() {
    return shownMeasure(availableMeasures(this.results), remembered("measure") ?? "");
  }

  /** Offers the measures that a ranking has. @param {RankingResult[]} results */
  offer(results) {
    this.results = results;
    const available = availableMeasures(results);
    this.select.replaceChildren(...available.map((measure) => element("option", { value: measure }, measureName(measure))));
    this.select.value = this.measure;
    this.select.hidden = available.length === 0;
  }

  /** @param {string} size */
  resize(size) {
    this.size = size;
    for (const input of this.sizes.querySelectorAll("input")) input.checked = input.value === size;
    remember("size", size);
    this.onChange();
  }

  /**
   * Does what a key means for the view; returns whether it means anything.
   *
   * @param {string} key
   */
  key(key) {
    const sizes = Object.keys(tileWidths);
    const at = sizes.indexOf(this.size);
    if (key === "g") this.group.click();
    else if (key === "t") this.timeline.click();
    else if (key === "+" && at < sizes.length - 1) this.resize(sizes[at + 1]);
    else if (key === "-" && at > 0) this.resize(sizes[at - 1]);
    else if (key === "m" && this.select.options.length > 0) {
      this.select.selectedIndex = (this.select.selectedIndex + 1) % this.select.options.length;
      this.select.dispatchEvent(new Event("change"));
    } else return false;
    return true;
  }
}

/** @param {string} name @param {string} label @param {string} key @param {() => void} onChange */
function toggle(name, label, key, onChange) {
  const pressed = remembered(name) === "true";
  const button = element("button", { type: "button", class: "toggle", "aria-pressed": String(pressed), title: `${label} (${key})` }, label);
  button.addEventListener("click", () => {
    const now = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(now));
    remember(name, String(now));
    onChange();
  });
  return button;
}
