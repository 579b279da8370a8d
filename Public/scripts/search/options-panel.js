import { CameraFilter } from "./camera-filter.js";
import { QueryCamera } from "./query-camera.js";
import { element } from "../dom.js";
import { inputTime, requestTime } from "../format.js";
import { text } from "../text.js";
/** @import { Gallery, SearchLimits, SearchOptions } from "../types.js" */
/** @import { ServiceProblem } from "../api.js" */

/** The milliseconds without another change after which the search runs again. */
const settle = 450;

/** The results of a search unless the user chooses another number: a screen full of them and more. */
const usualResults = 100;

/** Options without any restriction; numbers come from the service. @type {SearchOptions} */
const unrestricted = {
  rerank: true,
  query_camera: "",
  camera: [],
  exclude_camera: [],
  captured_from: "",
  captured_to: "",
  standing: false,
};

/** The options of a search; calls the handler when an option has changed and all are valid. */
export class OptionsPanel {
  /** @param {() => void} onChange */
  constructor(onChange) {
    this.onChange = onChange;
    this.timer = 0;
    this.defaults = unrestricted;
    /** Whether the user chose the options on screen, so that the service's defaults must not replace them. */
    this.chosen = false;
    const changed = () => this.changed();
    this.limit = number("limit", text("option.limit"), { min: 1, max: 1000, step: 1 });
    this.rerank = element("input", { type: "checkbox", id: "option-rerank" });
    this.candidates = number("candidates", text("option.candidates"), { min: 1, max: 4000, step: 1, hint: text("option.candidates.hint") });
    this.k1 = number("k1", "k1", { min: 1, max: 100, step: 1, hint: text("option.k1.hint") });
    this.k2 = number("k2", "k2", { min: 1, max: 100, step: 1, hint: text("option.k2.hint") });
    this.lambda = number("lambda", "λ", { min: 0, max: 1, step: "any", hint: text("option.lambda.hint") });
    this.queryCamera = new QueryCamera();
    this.normalize = element("input", { type: "checkbox", id: "option-camera_normalization" });
    /** Whether searches of the gallery even out differences between cameras unless they say otherwise. */
    this.normalizes = true;
    this.cameras = new CameraFilter(changed);
    this.from = time("captured_from", text("option.from"));
    this.to = time("captured_to", text("option.to"));
    this.standing = element("input", { type: "checkbox", id: "option-standing" });
    this.numbers = element("div", { class: "field-row numbers" },
      this.candidates.root, this.k1.root, this.k2.root, this.lambda.root);
    this.form = element("form", { class: "options", noValidate: true, oninput: changed },
      element("div", { class: "switches" },
        element("label", { class: "switch" }, this.standing, element("span", {}, text("option.standing"))),
        element("label", { class: "switch" }, this.rerank, element("span", {}, text("option.rerank"))),
        element("label", { class: "switch", title: text("option.normalize.hint") },
          this.normalize, element("span", {}, text("option.normalize")))),
      this.queryCamera.root,
      this.numbers,
      this.cameras.root,
      element("div", { class: "field-row times" }, this.from.root, this.to.root),
      element("div", { class: "field-row last" },
        this.limit.root,
        element("button", { type: "button", class: "quiet", onclick: () => this.reset() }, text("option.reset"))));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      changed();
    });
    this.root = element("details", { class: "options-panel" }, element("summary", {}, text("option.title")), this.form);
    this.set({});
    this.chosen = false;
    // Until the service has sent its defaults, the numbers cannot be changed, and a search sends none.
    this.form.inert = true;
  }

  /**
   * Shows the service's defaults and limits.
   *
   * @param {Partial<SearchOptions>} defaults
   * @param {SearchLimits} [limits]
   */
  setDefaults(defaults, limits) {
    this.defaults = { ...unrestricted, ...defaults, limit: Math.min(usualResults, limits?.results ?? usualResults) };
    this.form.inert = false;
    if (limits) {
      this.limit.input.max = String(limits.results);
      this.candidates.input.max = String(limits.candidates);
      for (const field of [this.k1, this.k2]) field.input.max = String(limits.neighbors);
    }
    if (this.chosen) return;
    this.set({});
    this.chosen = false;
  }

  /**
   * Offers a gallery's cameras, and takes over what its searches do unless they say otherwise.
   *
   * @param {Gallery} [gallery]
   */
  setGallery(gallery) {
    this.queryCamera.setCameras(gallery?.cameras ?? []);
    this.cameras.setCameras(gallery?.cameras ?? []);
    const chosen = this.value.camera_normalization;
    this.normalizes = gallery?.camera_normalization ?? true;
    this.normalize.checked = chosen ?? this.normalizes;
  }

  /**
   * The fields that a problem of the service can name.
   *
   * @returns {Record<string, Field>}
   */
  get fields() {
    const { limit, candidates, k1, k2, lambda, from, to } = this;
    return { limit, candidates, k1, k2, lambda, captured_from: from, captured_to: to };
  }

  /** Limits the time of the search, without calling the handler. @param {string} from RFC 3339, or empty @param {string} to */
  setTimes(from, to) {
    this.chosen = true;
    this.from.input.value = inputTime(from);
    this.to.input.value = inputTime(to);
    this.validate();
  }

  reset() {
    this.set({});
    this.changed();
  }

  /** @param {Partial<SearchOptions>} options */
  set(options) {
    this.chosen = true;
    const all = { ...this.defaults, ...options };
    this.limit.input.value = String(all.limit ?? "");
    this.rerank.checked = all.rerank;
    this.candidates.input.value = String(all.candidates ?? "");
    this.k1.input.value = String(all.k1 ?? "");
    this.k2.input.value = String(all.k2 ?? "");
    this.lambda.input.value = String(all.lambda ?? "");
    this.queryCamera.choose(all.query_camera ?? "");
    this.normalize.checked = all.camera_normalization ?? this.normalizes;
    this.cameras.choose(all.camera ?? [], all.exclude_camera ?? []);
    this.from.input.value = inputTime(all.captured_from);
    this.to.input.value = inputTime(all.captured_to);
    this.standing.checked = all.standing;
    this.validate();
  }

  /** @returns {SearchOptions} */
  get value() {
    return {
      limit: chosenNumber(this.limit),
      rerank: this.rerank.checked,
      candidates: chosenNumber(this.candidates),
      k1: chosenNumber(this.k1),
      k2: chosenNumber(this.k2),
      lambda: chosenNumber(this.lambda),
      query_camera: this.queryCamera.input.value,
      // The gallery's own setting is left to the gallery, so that a kept query follows it.
      camera_normalization: this.normalize.checked === this.normalizes ? undefined : this.normalize.checked,
      camera: this.cameras.chosen("only"),
      exclude_camera: this.cameras.chosen("without"),
      captured_from: requestTime(this.from.input.value),
      captured_to: requestTime(this.to.input.value),
      standing: this.standing.checked,
    };
  }

  /** Marks invalid fields; returns whether all are valid. */
  validate() {
    for (const { input } of [this.candidates, this.k1, this.k2, this.lambda]) input.disabled = !this.rerank.checked;
    if (this.form.inert) return true;
    for (const field of Object.values(this.fields)) {
      const { input } = field;
      mark(field, input.disabled || input.validity.valid ? "" : input.validationMessage);
    }
    const { captured_from: from, captured_to: to } = this.value;
    if (from && to && from > to) mark(this.to, text("option.order"));
    return Object.values(this.fields).every(({ input }) => input.getAttribute("aria-invalid") !== "true");
  }

  changed() {
    clearTimeout(this.timer);
    this.chosen = true;
    if (!this.validate()) return;
    this.timer = setTimeout(this.onChange, settle);
  }

  /**
   * Shows the service's message next to the field that it is about, if there is one.
   *
   * @param {ServiceProblem} problem
   */
  explain(problem) {
    const field = this.fields[problem.parameter];
    if (!field) return;
    mark(field, problem.message);
    this.root.open = true;
  }
}

/** @typedef {{root: HTMLElement, input: HTMLInputElement, error: HTMLElement}} Field */

/** @param {Field} field @returns {number | undefined} undefined if nothing is chosen */
function chosenNumber({ input }) {
  return input.value === "" ? undefined : Number(input.value);
}

/** @param {Field} field @param {string} problem */
function mark({ input, error }, problem) {
  input.setAttribute("aria-invalid", String(problem !== ""));
  error.textContent = problem;
}

/**
 * @param {string} name
 * @param {string} label
 * @param {{min: number, max: number, step: number | "any", hint?: string}} range
 */
function number(name, label, { hint, ...range }) {
  const input = element("input", { type: "number", inputMode: "decimal", required: true, title: hint, ...range });
  return field(name, label, input);
}

/** @param {string} name @param {string} label */
function time(name, label) {
  return field(name, label, element("input", { type: "datetime-local", step: "1" }));
}

/** @param {string} name @param {string} label @param {HTMLInputElement} input @returns {Field} */
function field(name, label, input) {
  const error = element("span", { class: "field-error", id: `option-${name}-error`, role: "alert" });
  input.id = `option-${name}`;
  input.setAttribute("aria-describedby", error.id);
  const root = element("div", { class: "field" }, element("label", { for: input.id }, label), input, error);
  return { root, input, error };
}
