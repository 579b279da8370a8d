import { announce, element, icon } from "../dom.js";


/** The box in which an image is dropped, pasted or chosen, with a preview. */
export class ImageInput {
  /**
   * @param {object} handlers
   * @param {(image: Blob, name: string) => void} handlers.onImage
   * @param {(detail: string) => void} handlers.onRefused
   */
  constructor({ onImage, onRefused }) {
    this.onImage = onImage;
    this.onRefused = onRefused;
    this.address = "";
    /** The most bytes of an image; checked here, so that the user does not wait for an upload that fails. */
    this.largestBytes = Infinity;
    this.hint = element("span", { class: "hint", id: "image-hint" }, "JPEG or PNG");
    this.input = element("input", {
      type: "file",
      id: "image",
      class: "visually-hidden",
      accept: "image/jpeg,image/png",
      "aria-describedby": "image-hint",
      onchange: () => this.take(this.input.files),
    });
    this.preview = element("img", { alt: "", class: "preview", hidden: true });
    this.preview.addEventListener("error", () => {
      this.preview.hidden = true;
      this.root.classList.remove("filled");
    });
    this.name = element("span", { class: "image-name" }, "Drop, paste or choose an image");
    this.root = element("label", { class: "image-input", for: "image" },
      this.input,
      element("span", { class: "preview-frame" }, this.preview, icon("upload")),
      element("span", { class: "image-text" },
        this.name,
        this.hint));
  }

  /** @param {number} bytes the largest image that the service takes */
  setLimit(bytes) {
    this.largestBytes = bytes;
    this.hint.textContent = `JPEG or PNG, up to ${mebibytes(bytes)} MiB`;
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

  /** @param {FileList | null | undefined} files */
  take(files) {
    const file = files?.[0];
    if (!file) return;
    if (files.length > 1) {
      this.onRefused(`${files.length} files were given; choose one image of one person.`);
    } else if (file.size === 0) {
      this.onRefused(`“${file.name}” is empty.`);
    } else if (file.size > this.largestBytes) {
      this.onRefused(`“${file.name}” has ${mebibytes(file.size)} MiB; an image may have at most `
        + `${mebibytes(this.largestBytes)} MiB.`);
    } else {
      this.show(file, file.name);
      this.onImage(file, file.name);
    }
    // Otherwise choosing the same file again would not be noticed.
    this.input.value = "";
  }

  /**
   * Shows an image that was not chosen here.
   *
   * @param {Blob} image
   * @param {string} name
   */
  show(image, name) {
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = URL.createObjectURL(image);
    this.preview.src = this.address;
    this.preview.alt = `The query image, ${name}`;
    this.preview.hidden = false;
    this.name.textContent = name;
    this.name.title = name;
    this.root.classList.add("filled");
    announce(`Image ${name} chosen.`);
  }

  /** @param {string} text the reason why there is no image */
  clear(text) {
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = "";
    this.preview.hidden = true;
    this.preview.removeAttribute("src");
    this.name.textContent = text;
    this.name.title = "";
    this.root.classList.remove("filled");
  }
}

/** @param {number} bytes */
function mebibytes(bytes) {
  return Math.round(bytes / 1024 / 102.4) / 10;
}
