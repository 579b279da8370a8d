import { element } from "../dom.js";
import { text } from "../text.js";

/** @typedef {"any" | "only" | "without"} CameraChoice */

/** @type {Record<CameraChoice, {next: CameraChoice, mark: string}>} */
const choices = {
  any: { next: "only", mark: "" },
  only: { next: "without", mark: "✓ " },
  without: { next: "any", mark: "✕ " },
};

/** One button per camera, which changes between "any", "only this" and "not this". */
export class CameraFilter {
  /** @param {() => void} onChange */
  constructor(onChange) {
    this.onChange = onChange;
    /** @type {Map<string, CameraChoice>} */
    this.cameras = new Map();
    this.buttons = element("div", { class: "chips" });
    this.root = element("fieldset", { class: "field" },
      element("legend", {}, text("option.cameras")),
      this.buttons,
      element("p", { class: "hint" }, text("option.cameras.hint")));
    this.setCameras([]);
  }

  /**
   * Shows a gallery's cameras; cameras that were chosen before stay chosen if they exist.
   *
   * @param {string[]} cameras
   */
  setCameras(cameras) {
    const before = this.cameras;
    this.cameras = new Map(cameras.map((camera) => [camera, before.get(camera) ?? "any"]));
    this.draw();
  }

  /** @param {string[]} only @param {string[]} without */
  choose(only, without) {
    for (const camera of this.cameras.keys()) this.cameras.set(camera, "any");
    for (const camera of only) this.cameras.set(camera, "only");
    for (const camera of without) this.cameras.set(camera, "without");
    this.draw();
  }

  draw() {
    this.root.disabled = this.cameras.size === 0;
    this.buttons.replaceChildren(...Array.from(this.cameras.keys(), (camera) => this.button(camera)));
    if (this.cameras.size === 0) {
      this.buttons.append(element("span", { class: "hint" }, text("option.cameras.none")));
    }
  }

  /** @param {string} camera */
  button(camera) {
    const button = element("button", { type: "button", class: "chip" });
    const show = () => {
      const choice = this.cameras.get(camera) ?? "any";
      button.dataset.choice = choice;
      button.textContent = `${choices[choice].mark}${camera}`;
      button.setAttribute("aria-label", text(`option.camera.${choice}`, { camera }));
    };
    button.addEventListener("click", () => {
      this.cameras.set(camera, choices[this.cameras.get(camera) ?? "any"].next);
      show();
      this.onChange();
    });
    show();
    return button;
  }

  /** @param {CameraChoice} choice */
  chosen(choice) {
    return Array.from(this.cameras).filter(([, now]) => now === choice).map(([camera]) => camera);
  }
}
