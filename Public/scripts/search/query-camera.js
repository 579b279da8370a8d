import { element } from "../dom.js";
import { text } from "../text.js";

/** The camera that took the query's image, chosen from the gallery's cameras. */
export class QueryCamera {
  constructor() {
    /** @type {string[]} */
    this.cameras = [];
    this.input = element("select", { id: "option-query_camera" });
    this.root = element("div", { class: "field" },
      element("label", { for: this.input.id }, text("option.query-camera")), this.input);
    this.draw("");
  }

  /**
   * Offers a gallery's cameras; the one that was chosen before stays chosen if it exists.
   *
   * @param {string[]} cameras
   */
  setCameras(cameras) {
    const chosen = this.input.value;
    this.cameras = cameras;
    this.draw(cameras.includes(chosen) ? chosen : "");
  }

  /** @param {string} camera one that the gallery may not have, or empty */
  choose(camera) {
    this.draw(camera);
  }

  /** @param {string} chosen */
  draw(chosen) {
    const others = chosen === "" || this.cameras.includes(chosen) ? [] : [chosen];
    this.input.replaceChildren(element("option", { value: "" }, text("option.query-camera.unknown")),
      ...[...this.cameras, ...others].map((camera) => element("option", { value: camera }, camera)));
    this.input.value = chosen;
    this.input.disabled = this.input.options.length === 1;
  }
}
