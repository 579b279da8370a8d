import { element, icon } from "../dom.js";
import { text } from "../text.js";
import { boxBetween, contains, moved, newBox, oppositeCorner } from "./crop-boxes.js";
/** @import { Box } from "./crop-boxes.js" */

/** The boxes that were drawn on each image, so that another person of the same frame is cropped next. @type {WeakMap<Blob, Box[]>} */
const drawn = new WeakMap();

/** How near to a corner the pointer takes it, in pixels of the screen, and how good the crops are. */
const reach = 14;
const quality = 0.95;

/** Lets the user draw boxes around one person, and makes an image of each. */
export class CropDialog {
  /**
   * @param {Blob} source
   * @param {ImageBitmap} bitmap the decoded source
   * @param {(crops: Blob[]) => void} onCrops
   */
  constructor(source, bitmap, onCrops) {
    this.bitmap = bitmap;
    this.onCrops = onCrops;
    this.boxes = drawn.get(source) ?? [];
    drawn.set(source, this.boxes);
    this.active = this.boxes.length - 1;
    /** What the pointer does: a corner that stays, or the point at which a box is held. */
    /** @type {{anchor: {x: number, y: number}} | {held: {x: number, y: number}} | null} */
    this.drag = null;
    const scale = Math.min(1, (innerWidth - 64) / bitmap.width, (innerHeight - 230) / bitmap.height);
    // Small images are enlarged a little, so that a hand can crop them.
    this.scale = scale === 1 ? Math.max(1, Math.min(3, 480 / bitmap.height, (innerWidth - 64) / bitmap.width)) : scale;
    this.canvas = element("canvas", { tabIndex: 0, role: "application", "aria-label": text("crop.canvas"), "aria-describedby": "crop-help",
      width: Math.round(bitmap.width * this.scale), height: Math.round(bitmap.height * this.scale) });
    this.status = element("p", { class: "hint", role: "status" });
    this.fixed = element("input", { type: "checkbox", checked: true, id: "crop-fixed" });
    this.remove = element("button", { type: "button", onclick: () => this.removeBox() }, text("crop.remove"));
    this.accept = element("button", { type: "button", class: "primary", onclick: () => this.finish() });
    this.root = element("dialog", { class: "crop-dialog", "aria-labelledby": "crop-title" },
      element("header", { class: "dialog-header" }, element("h2", { id: "crop-title" }, text("crop.title")),
        element("button", { type: "button", class: "icon-button", "aria-label": text("crop.cancel"), onclick: () => this.root.close() },
          icon("close"))),
      element("div", { class: "crop-body" },
        this.canvas, this.status,
        element("p", { class: "visually-hidden", id: "crop-help" }, text("crop.help")),
        element("div", { class: "crop-tools" },
          element("label", { class: "switch" }, this.fixed, element("span", {}, text("crop.aspect"))),
          element("button", { type: "button", onclick: () => this.addBox() }, text("crop.add")),
          this.remove, this.accept),
        element("p", { class: "hint" }, text("crop.help.short"))));
    this.canvas.addEventListener("pointerdown", (event) => this.press(event));
    this.canvas.addEventListener("pointermove", (event) => this.pull(event));
    this.canvas.addEventListener("pointerup", () => this.release());
    this.canvas.addEventListener("pointercancel", () => this.release());
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.root.addEventListener("close", () => {
      this.root.remove();
      bitmap.close();
    });
  }

  open() {
    document.body.append(this.root);
    this.root.showModal();
    this.canvas.focus();
    this.draw();
  }

  get box() {
    return this.boxes[this.active];
  }

  /** @param {Box} box */
  change(box) {
    this.boxes[this.active] = box;
    this.draw();
  }

  addBox() {
    this.boxes.push(newBox(this.bitmap, this.boxes.length));
    this.active = this.boxes.length - 1;
    this.draw();
  }

  removeBox() {
    if (this.active < 0) return;
    this.boxes.splice(this.active, 1);
    this.active = Math.min(this.active, this.boxes.length - 1);
    this.draw();
    this.canvas.focus();
  }

  /** @param {PointerEvent} event */
  point(event) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    return { x: (event.clientX - left) / width * this.bitmap.width, y: (event.clientY - top) / height * this.bitmap.height };
  }

  /** @param {PointerEvent} event */
  press(event) {
    const point = this.point(event);
    this.canvas.setPointerCapture(event.pointerId);
    const anchor = this.box ? oppositeCorner(this.box, point, reach / this.scale) : null;
    const inside = this.boxes.findLastIndex((box) => contains(box, point));
    if (anchor) {
      this.drag = { anchor };
    } else if (inside >= 0) {
      this.active = inside;
      this.drag = { held: point };
    } else {
      this.boxes.push(boxBetween(point, point, this.bitmap, this.fixed.checked));
      this.active = this.boxes.length - 1;
      this.drag = { anchor: point };
    }
    this.draw();
  }

  /** @param {PointerEvent} event */
  pull(event) {
    if (!this.drag) return;
    const point = this.point(event);
    if ("anchor" in this.drag) {
      this.change(boxBetween(this.drag.anchor, point, this.bitmap, this.fixed.checked));
    } else {
      this.change(moved(this.box, point.x - this.drag.held.x, point.y - this.drag.held.y, this.bitmap));
      this.drag = { held: point };
    }
  }

  release() {
    // A press without a drag leaves no box behind.
    const tiny = this.drag && "anchor" in this.drag && this.box && this.box.height <= 16 && this.bitmap.height > 64;
    this.drag = null;
    if (tiny) this.removeBox();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = Math.max(1, Math.round(this.bitmap.height / 100));
    /** @type {Record<string, [number, number]>} */
    const directions = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    const direction = directions[event.key];
    const { box } = this;
    if (direction && box && event.shiftKey) {
      const corner = { x: box.x + box.width + direction[0], y: box.y + box.height + direction[1] };
      // With a fixed shape the height follows the width, so that both kinds of arrows do something.
      if (this.fixed.checked) corner.x = box.x + Math.min(box.width + direction[0] + direction[1] / 2, Infinity);
      if (this.fixed.checked) corner.y = box.y;
      this.change(boxBetween(box, corner, this.bitmap, this.fixed.checked));
    } else if (direction && box) {
      this.change(moved(box, direction[0], direction[1], this.bitmap));
    } else if (event.key === "n" || (direction && !box)) {
      this.addBox();
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.removeBox();
    } else if ((event.key === "," || event.key === ".") && this.boxes.length > 0) {
      const count = this.boxes.length;
      this.active = (this.active + (event.key === "," ? count - 1 : 1)) % count;
      this.draw();
    } else if (event.key === "Enter" && this.boxes.length > 0) {
      void this.finish();
    } else {
      return;
    }
    event.preventDefault();
  }

  draw() {
    const context = this.canvas.getContext("2d");
    if (!context) return;
    const { width, height } = this.canvas;
    context.drawImage(this.bitmap, 0, 0, width, height);
    context.fillStyle = "rgb(0 0 0 / 45%)";
    context.fillRect(0, 0, width, height);
    this.boxes.forEach((box, index) => {
      const [x, y, w, h] = [box.x, box.y, box.width, box.height].map((value) => value * this.scale);
      context.drawImage(this.bitmap, box.x, box.y, box.width, box.height, x, y, w, h);
      context.lineWidth = index === this.active ? 3 : 1.5;
      context.strokeStyle = index === this.active ? "#4da3ff" : "#ffffff";
      context.strokeRect(x, y, w, h);
      if (index !== this.active) return;
      context.fillStyle = "#ffffff";
      for (const [cornerX, cornerY] of [[x, y], [x + w, y], [x, y + h], [x + w, y + h]]) {
        context.fillRect(cornerX - 4, cornerY - 4, 8, 8);
      }
    });
    const { box } = this;
    this.status.textContent = !box ? text("crop.none") : text("crop.box", { index: this.active + 1, count: this.boxes.length,
      width: Math.round(box.width), height: Math.round(box.height), x: Math.round(box.x), y: Math.round(box.y) });
    this.remove.disabled = !box;
    this.accept.disabled = !box;
    this.accept.textContent = text("crop.accept", { count: Math.max(1, this.boxes.length) });
  }

  async finish() {
    const crops = await Promise.all(this.boxes.map((box) => crop(this.bitmap, box)));
    this.root.close();
    this.onCrops(crops.filter((blob) => blob !== null));
  }
}

/** @param {ImageBitmap} bitmap @param {Box} box @returns {Promise<Blob | null>} */
function crop(bitmap, { x, y, width, height }) {
  const canvas = element("canvas", { width: Math.round(width), height: Math.round(height) });
  canvas.getContext("2d")?.drawImage(bitmap, x, y, width, height, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
}
