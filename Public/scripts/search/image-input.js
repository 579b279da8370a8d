import { announce, element, icon } from "../dom.js";
import { text } from "../text.js";
import { CropDialog } from "./crop-dialog.js";

/** Width over height from which on an image is probably a whole frame, not one person. */
const frameShape = 0.85;

/** The most images of one query; the service's `limits.images_per_search`. */
const mostImages = 16;

/** @typedef {{blob: Blob, name: string, address: string, source: Blob}} QueryImage `source` is what it was cropped from */

/** The box in which images of one person are dropped, pasted or chosen, with previews; also crops them. */
export class ImageInput {
  /**
   * @param {object} handlers
   * @param {(images: Blob[]) => void} handlers.onImages
   * @param {(detail: string) => void} handlers.onRefused
   */
  constructor({ onImages, onRefused }) {
    this.onImages = onImages;
    this.onRefused = onRefused;
    /** @type {QueryImage[]} */
    this.items = [];
    this.selected = 0;
    /** Whether the next files join the images that are there. */
    this.adding = false;
    /** The most bytes of an image; checked here, so that the user does not wait for an upload that fails. */
    this.largestBytes = Infinity;
    this.hint = element("span", { class: "hint", id: "image-hint" }, text("image.hint"));
    this.input = element("input", {
      type: "file",
      id: "image",
      class: "visually-hidden",
      accept: "image/jpeg,image/png",
      multiple: true,
      "aria-describedby": "image-hint",
      onchange: () => this.take(this.input.files),
      oncancel: () => {
        this.adding = false;
      },
    });
    this.preview = element("img", { alt: "", class: "preview", hidden: true });
    this.preview.addEventListener("error", () => {
      this.preview.hidden = true;
      this.box.classList.remove("filled");
    });
    this.preview.addEventListener("load", () => this.judge());
    this.name = element("span", { class: "image-name" }, text("image.place"));
    this.box = element("label", { class: "image-input", for: "image" },
      this.input,
      element("span", { class: "preview-frame" }, this.preview, icon("upload")),
      element("span", { class: "image-text" },
        this.name,
        this.hint));
    this.list = element("ul", { class: "query-images", hidden: true });
    this.frameHint = element("p", { class: "frame-hint", role: "status", hidden: true }, icon("warning"), text("image.frame"));
    this.tools = element("p", { class: "image-tools", hidden: true },
      element("button", { type: "button", class: "small", onclick: () => this.crop() }, icon("crop"), text("image.crop")),
      element("button", { type: "button", class: "small", onclick: () => this.add() }, icon("plus"), text("image.add")));
    this.root = element("div", { class: "image-pane" }, this.box, this.frameHint, this.list, this.tools);
  }

  /** The address of the image on screen, or empty. */
  get address() {
    return this.items[this.selected]?.address ?? "";
  }

  /** @param {number} bytes the largest image that the service takes */
  setLimit(bytes) {
    this.largestBytes = bytes;
    this.hint.textContent = text("image.hint.limit", { size: mebibytes(bytes) });
  }

  /**
   * Listens for drops and pastes anywhere on the page.
   *
   * @param {() => boolean} wanted whether the view is on screen
   */
  listen(wanted) {
    let depth = 0;
    /** @param {boolean} on */
    const highlight = (on) => document.documentElement.classList.toggle("dropping", on);
    /** @param {DragEvent} event */
    const carriesFiles = (event) => wanted() && (event.dataTransfer?.types.includes("Files") ?? false);
    window.addEventListener("dragenter", (event) => {
      if (!carriesFiles(event)) return;
      depth += 1;
      highlight(true);
    });
    window.addEventListener("dragleave", (event) => {
      if (!carriesFiles(event)) return;
      depth = Math.max(0, depth - 1);
      highlight(depth > 0);
    });
    // Without these two, the browser would open a file that is dropped beside the box and leave the page.
    window.addEventListener("dragover", (event) => event.preventDefault());
    window.addEventListener("drop", (event) => {
      event.preventDefault();
      depth = 0;
      highlight(false);
      if (carriesFiles(event)) this.take(event.dataTransfer?.files);
    });
    document.addEventListener("paste", (event) => {
      const files = event.clipboardData?.files;
      if (!wanted() || !files || files.length === 0) return;
      event.preventDefault();
      this.take(files);
    });
  }

  /** Lets the user choose images that join those that are there. */
  add() {
    this.adding = true;
    this.input.click();
  }

  /** @param {FileList | null | undefined} given */
  take(given) {
    const files = Array.from(given ?? []);
    const before = this.adding ? this.items : [];
    this.adding = false;
    const refusal = this.refusal(files, before.length);
    if (refusal) {
      this.onRefused(refusal);
    } else if (files.length > 0) {
      this.replace([...before, ...files.map((file) => item(file, file.name))], before.length);
      this.onImages(this.items.map(({ blob }) => blob));
    }
    // Otherwise choosing the same file again would not be noticed.
    this.input.value = "";
  }

  /**
   * Why files cannot be searched with; empty if they can.
   *
   * @param {File[]} files
   * @param {number} before how many images there are already
   */
  refusal(files, before) {
    const given = files.length + before;
    if (given > mostImages) return text("image.many", { count: mostImages, given });
    for (const { name, size } of files) {
      if (size === 0) return text("image.empty", { name });
      if (size > this.largestBytes) {
        return text("image.large", { name, size: mebibytes(size), limit: mebibytes(this.largestBytes) });
      }
    }
    return "";
  }

  /**
   * Shows images that were not chosen here.
   *
   * @param {{blob: Blob, name: string}[]} images at least one
   */
  show(images) {
    this.replace(images.map(({ blob, name }) => item(blob, name)), 0);
  }

  /** @param {QueryImage[]} items @param {number} selected */
  replace(items, selected) {
    for (const { address } of this.items) if (!items.some((kept) => kept.address === address)) URL.revokeObjectURL(address);
    this.items = items;
    this.select(Math.min(selected, items.length - 1));
    announce(text("image.chosen", { count: items.length }));
  }

  /** @param {number} index */
  select(index) {
    this.selected = index;
    const { name, address } = this.items[index];
    this.frameHint.hidden = true;
    this.preview.src = address;
    this.preview.alt = text("image.query", { name });
    this.preview.hidden = false;
    this.name.textContent = this.items.length > 1 ? text("image.several", { count: this.items.length }) : name;
    this.name.title = name;
    this.box.classList.add("filled");
    this.tools.hidden = false;
    this.list.hidden = this.items.length < 2;
    this.list.replaceChildren(...this.items.map((image, at) => element("li", {},
      element("button", { type: "button", class: "query-image", "aria-label": text("image.show", { index: at + 1 }),
        "aria-pressed": String(at === index), onclick: () => this.select(at) },
        element("img", { src: image.address, alt: "" })),
      element("button", { type: "button", class: "remove-image", "aria-label": text("image.remove", { index: at + 1 }),
        onclick: () => this.remove(at) }, icon("close")))));
  }

  /** @param {number} index */
  remove(index) {
    this.replace(this.items.filter((_, at) => at !== index), 0);
    this.box.querySelector("input")?.focus();
    this.onImages(this.items.map(({ blob }) => blob));
  }

  /** Says so when the image on screen looks like a whole frame. */
  judge() {
    const { naturalWidth, naturalHeight } = this.preview;
    this.frameHint.hidden = naturalWidth / naturalHeight < frameShape;
  }

  /** Lets the user crop the image on screen; its crops take its place. */
  async crop() {
    const { selected, items } = this;
    const { source, name } = items[selected];
    /** @type {ImageBitmap} */
    let bitmap;
    try {
      bitmap = await createImageBitmap(source);
    } catch (error) {
      return this.onRefused(`${text("crop.failed")}: ${error instanceof Error ? error.message : error}`);
    }
    // All images that came from this source are drawn anew.
    const others = items.filter((image) => image.source !== source);
    new CropDialog(source, bitmap, (crops) => {
      const given = crops.length + others.length;
      if (given > mostImages) return this.onRefused(text("image.many", { count: mostImages, given }));
      this.replace([...others, ...crops.map((blob) => item(blob, name, source))], others.length);
      this.onImages(this.items.map(({ blob }) => blob));
    }).open();
  }

  /** @param {string} reason why there is no image */
  clear(reason) {
    for (const { address } of this.items) URL.revokeObjectURL(address);
    this.items = [];
    this.preview.hidden = true;
    this.preview.removeAttribute("src");
    this.name.textContent = reason;
    this.name.title = "";
    this.box.classList.remove("filled");
    this.tools.hidden = true;
    this.list.hidden = true;
    this.frameHint.hidden = true;
  }
}

/** @param {Blob} blob @param {string} name @param {Blob} [source] @returns {QueryImage} */
function item(blob, name, source = blob) {
  return { blob, name, address: URL.createObjectURL(blob), source };
}

/** @param {number} bytes */
function mebibytes(bytes) {
  return Math.round(bytes / 1024 / 102.4) / 10;
}
