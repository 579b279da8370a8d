import { announce, element, icon } from "./dom.js";

/** The service's limit for one image; told at once instead of after a long upload. */
const largestBytes = 20 * 1024 * 1024;

/** Where a picture is dropped, pasted or chosen, with a preview of it. */
export class PictureInput {
  /**
   * @param {object} handlers
   * @param {(picture: Blob, name: string) => void} handlers.onPicture
   * @param {(detail: string) => void} handlers.onRefused
   */
  constructor({ onPicture, onRefused }) {
    this.onPicture = onPicture;
    this.onRefused = onRefused;
    this.address = "";
    this.input = element("input", {
      type: "file",
      id: "picture",
      class: "visually-hidden",
      accept: "image/jpeg,image/png",
      "aria-describedby": "picture-hint",
      onchange: () => this.take(this.input.files),
    });
    this.preview = element("img", { alt: "", class: "preview", hidden: true });
    this.preview.addEventListener("error", () => {
      this.preview.hidden = true;
      this.root.classList.remove("filled");
    });
    this.name = element("span", { class: "picture-name" }, "Drop, paste or choose a picture");
    this.root = element("label", { class: "picture-input", for: "picture" },
      this.input,
      element("span", { class: "preview-frame" }, this.preview, icon("upload")),
      element("span", { class: "picture-text" },
        this.name,
        element("span", { class: "hint", id: "picture-hint" }, "JPEG or PNG, up to 20 MiB")));
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
    // Without these two the browser would leave the page for a file dropped beside the box.
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
    if (file.size === 0) {
      this.onRefused(`“${file.name}” is empty.`);
    } else if (file.size > largestBytes) {
      const mebibytes = Math.ceil(file.size / 1024 / 1024);
      this.onRefused(`“${file.name}” has ${mebibytes} MiB; a picture may have at most 20 MiB.`);
    } else {
      this.show(file, file.name);
      this.onPicture(file, file.name);
    }
    // So that choosing the same file again is noticed.
    this.input.value = "";
  }

  /**
   * Shows a picture that came from elsewhere.
   *
   * @param {Blob} picture
   * @param {string} name
   */
  show(picture, name) {
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = URL.createObjectURL(picture);
    this.preview.src = this.address;
    this.preview.alt = `The query picture, ${name}`;
    this.preview.hidden = false;
    this.name.textContent = name;
    this.name.title = name;
    this.root.classList.add("filled");
    announce(`Picture ${name} chosen.`);
  }

  /** @param {string} text why there is no picture */
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
