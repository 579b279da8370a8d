import { asProblem, isAbort } from "../api.js";
import { attentionOverlay } from "./attention.js";
import { element } from "../dom.js";
import { text } from "../text.js";

/** Width over height of the frame; the same as of `.frame` in results.css. */
const frameRatio = 1 / 2;

/** An image in a frame of fixed shape, with room for an attention overlay exactly on top of it. */
export class LayeredImage {
  /** @param {{lazy?: boolean}} options */
  constructor({ lazy = false } = {}) {
    this.base = element("img", { alt: "", draggable: false, decoding: "async", loading: lazy ? "lazy" : "eager" });
    this.overlay = element("img", { alt: "", class: "overlay", draggable: false, hidden: true });
    this.note = element("span", { class: "frame-note", hidden: true });
    this.stack = element("span", { class: "stack" }, this.base, this.overlay);
    this.root = element("span", { class: "frame" }, this.stack, this.note);
    this.source = "";
    this.imageID = "";
    /** @type {number | null} */
    this.branch = null;
    this.loading = new AbortController();
    this.base.addEventListener("load", () => {
      this.stack.classList.toggle("wide", this.base.naturalWidth / this.base.naturalHeight > frameRatio);
      this.root.dataset.state = "shown";
    });
    this.base.addEventListener("error", () => {
      this.root.dataset.state = "missing";
      this.say(text("image.missing"));
    });
  }

  /**
   * @param {string | null | undefined} source the image's address; empty: there is no image
   * @param {string} alt
   */
  show(source, alt) {
    this.base.alt = alt;
    if (!source) {
      this.source = "";
      this.root.dataset.state = "missing";
      this.base.removeAttribute("src");
      this.say(text("image.none"));
    } else if (this.source !== source || this.root.dataset.state === "missing") {
      this.source = source;
      this.root.dataset.state = "loading";
      this.say("");
      this.base.src = source;
    }
  }

  /** Tries again to load an image that could not be loaded. */
  reload() {
    if (this.root.dataset.state === "missing") this.show(this.source, this.base.alt);
  }

  /**
   * Shows one branch's attention over the image, or removes it.
   *
   * @param {string} imageID
   * @param {number | null} branch
   */
  async attend(imageID, branch) {
    if (imageID === this.imageID && branch === this.branch) return;
    this.imageID = imageID;
    this.branch = branch;
    this.loading.abort();
    this.loading = new AbortController();
    this.overlay.hidden = true;
    if (this.source === "") return;
    this.root.classList.toggle("attending", branch !== null);
    if (this.root.dataset.state !== "missing") this.say("");
    if (branch === null) return;
    try {
      const { signal } = this.loading;
      const address = await attentionOverlay(imageID, branch, signal);
      if (signal.aborted) return;
      this.overlay.src = address;
      this.overlay.hidden = false;
    } catch (error) {
      if (isAbort(error)) return;
      this.branch = null;
      this.say(text("branch.failed", { reason: asProblem(error).message }));
    } finally {
      if (this.imageID === imageID && !this.overlay.hidden) this.root.classList.remove("attending");
    }
  }

  /** @param {string} note */
  say(note) {
    this.note.textContent = note;
    this.note.hidden = note === "";
    if (note !== "") this.root.classList.remove("attending");
  }
}
