import * as api from "../scripts/api.js";
import { element } from "../scripts/dom.js";
import { count } from "../scripts/format.js";
import { OptionsPanel } from "../scripts/search/options-panel.js";
import { ImageInput } from "../scripts/search/image-input.js";
import { ResultsPane } from "../scripts/results/results-pane.js";
import { SearchSession } from "../scripts/search/search-session.js";
import { StartPage } from "../scripts/search/start-page.js";
import { remember, remembered } from "../scripts/storage.js";
import { text } from "../scripts/text.js";
/** @import { Gallery, KeptQuery, RankingResult } from "../scripts/types.js" */
/** @import { ServiceProblem } from "../scripts/api.js" */
/** @import { Service } from "../scripts/service.js" */

/** The milliseconds after which the galleries are loaded again if there were none. */
const galleryInterval = 2_000;

/** The search: an image, options, and the ranking. */
export class SearchView {
  title = text("nav.search");

  /** @param {Service} service */
  constructor(service) {
    /** @type {Gallery[]} */
    this.galleries = [];
    /** The images of one person; empty: none yet. @type {Blob[]} */
    this.images = [];
    /**
     * Resolved when a kept query's images have been loaded, or have failed to load.
     *
     * @type {Promise<void>}
     */
    this.arriving = Promise.resolve();
    /** Resolved when the galleries have been loaded, or have failed to load. @type {Promise<void>} */
    this.galleriesArriving = Promise.resolve();
    this.visible = false;
    this.galleryTimer = 0;
    /** The query on screen, as the address names it. */
    this.queryID = "";
    this.input = new ImageInput({
      onImages: (images) => this.take(images),
      onRefused: (detail) => this.fail(new api.ServiceProblem(detail, { title: text("image.refused") })),
    });
    this.input.listen(() => this.visible);
    this.gallery = element("select", { id: "gallery", onchange: () => this.galleryChosen() });
    this.options = new OptionsPanel(() => this.search());
    this.options.root.open = matchMedia("(min-width: 860px)").matches;
    this.start = new StartPage((image) => this.searchWith([image]));
    this.results = new ResultsPane({
      onSearchWith: (result) => this.searchWith([result]),
      onSearchWithMarked: (results) => this.searchWith(results),
      onRange: (from, to) => this.narrow(from, to),
      queryImage: () => this.input.address,
      onRefresh: () => this.session.refresh(),
    });
    service.follow(({ branches, condition, model }) => {
      this.results.setBranches(branches);
      if (model?.defaults) this.options.setDefaults(model.defaults, model.limits);
      if (model?.limits) this.input.setLimit(model.limits.image_bytes);
      if (condition === "ready") this.session?.hurry();
      if (condition === "ready" && this.visible && this.galleries.length === 0) void this.galleriesAgain("");
    });
    this.session = new SearchSession({
      onSearching: () => this.results.showSearching(this.options.value.limit ?? 20),
      onKept: (id) => this.name(id),
      onRanking: (ranking, elapsed) => this.results.showRanking(ranking, elapsed),
      onStale: (stale) => {
        // If nothing was found, nobody is reading the results, so newer images are shown at once.
        if (stale && this.results.ranking?.results.length === 0) void this.session.refresh();
        else this.results.showStale(stale);
      },
      onProblem: (problem) => this.fail(problem, () => this.search()),
      onState: (state) => this.results.showState(state, this.options.value.standing),
    });
    this.root = element("div", { class: "search-view" },
      element("h1", { class: "visually-hidden", tabIndex: -1 }, text("nav.search")),
      element("section", { class: "query-pane", "aria-label": text("dialog.query") },
        this.input.root,
        element("div", { class: "field" }, element("label", { for: "gallery" }, text("option.gallery")), this.gallery),
        this.options.root),
      this.results.root);
    this.results.showEmpty(this.start.root);
    document.addEventListener("keydown", (event) => this.key(event));
  }

  /** @param {string | null} argument a kept query's id, or `in:` and a gallery's name */
  show(argument) {
    this.visible = true;
    const wanted = argument?.startsWith("in:") ? argument.slice(3) : "";
    this.galleriesArriving = this.loadGalleries(wanted);
    this.session.resume();
    if (argument && !wanted && argument !== this.queryID) {
      void this.open(argument);
    } else if (this.queryID && !wanted) {
      this.name(this.queryID);
    }
  }

  hide() {
    this.visible = false;
    clearTimeout(this.galleryTimer);
    this.session.pause();
    for (const dialog of document.querySelectorAll("dialog")) dialog.close();
  }

  /** Keys that mean something wherever the focus is, except while one writes. @param {KeyboardEvent} event */
  key(event) {
    const { target, key } = event;
    if (!this.visible || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (target instanceof HTMLSelectElement || document.querySelector("dialog[open]")) return;
    // A field for numbers takes no letters but E.
    const takes = { checkbox: /^$/, radio: /^$/, file: /^$/, number: /[\d+\-.,e]/i };
    if (target instanceof HTMLInputElement && (takes[/** @type {keyof takes} */ (target.type)] ?? /./).test(key)) return;
    if (key === "/") this.input.input.click();
    else if (!this.results.key(key)) return;
    event.preventDefault();
  }

  /** Searches only a span of time. @param {string} from RFC 3339, or empty @param {string} to */
  narrow(from, to) {
    this.options.setTimes(from, to);
    void this.search();
  }

  /** Shows what one can start with. */
  showStart() {
    this.results.showEmpty(this.start.root);
    void this.start.show(this.gallery.value);
  }

  /** @param {string} wanted the gallery to select, or empty */
  async loadGalleries(wanted) {
    try {
      this.galleries = await api.galleries();
    } catch (error) {
      this.fail(api.asProblem(error), () => this.galleriesAgain(wanted));
      return;
    }
    const chosen = wanted || this.gallery.value || (remembered("gallery") ?? "");
    this.gallery.replaceChildren(...this.galleries.map(({ name, images }) =>
      element("option", { value: name }, `${name} (${count(images)})`)));
    this.gallery.disabled = this.galleries.length === 0;
    if (this.galleries.length === 0) {
      this.gallery.append(element("option", { value: "" }, text("option.gallery.none")));
      this.results.showNoGallery();
      // A gallery may be created soon, for example the demo gallery after the first start of the service.
      clearTimeout(this.galleryTimer);
      if (this.visible) this.galleryTimer = setTimeout(() => this.galleriesAgain(wanted), galleryInterval);
    } else {
      if (this.galleries.some(({ name }) => name === chosen)) this.gallery.value = chosen;
      if (!this.queryID && this.images.length === 0) this.showStart();
    }
    this.offerCameras();
    if (wanted && this.gallery.value === wanted) this.galleryChosen();
  }

  /**
   * Loads the galleries after a failure, and searches if an image has been waiting.
   *
   * @param {string} wanted
   */
  async galleriesAgain(wanted) {
    this.galleriesArriving = this.loadGalleries(wanted);
    await this.galleriesArriving;
    if (this.images.length > 0 && !this.queryID && this.galleries.length > 0) await this.search();
  }

  offerCameras() {
    this.options.setGallery(this.galleries.find(({ name }) => name === this.gallery.value));
  }

  galleryChosen() {
    remember("gallery", this.gallery.value);
    this.offerCameras();
    if (!this.queryID && this.images.length === 0) this.showStart();
    else void this.search();
  }

  /** @param {Blob[]} images @param {string} [camera] the camera that took them; empty: not known */
  take(images, camera = "") {
    this.session.clear();
    this.options.queryCamera.choose(camera);
    this.queryID = "";
    if (this.visible) history.replaceState(null, "", "#/search");
    this.images = images;
    this.arriving = Promise.resolve();
    this.results.clear();
    void this.search();
  }

  /** Searches with the current image, gallery and options, if they are complete. */
  async search() {
    await Promise.all([this.arriving, this.galleriesArriving]);
    if (this.images.length === 0) {
      const missing = text("query.no-image");
      if (this.queryID) this.results.explain(missing);
      return;
    }
    if (this.gallery.value === "") return this.results.showNoGallery();
    if (!this.options.validate()) return;
    await this.session.search({ gallery: this.gallery.value, images: this.images, options: this.options.value });
  }

  /**
   * Puts the query on screen into the page's address, so that a reload shows it again.
   *
   * @param {string} id
   */
  name(id) {
    this.queryID = id;
    if (this.visible) history.replaceState(null, "", `#/search/${encodeURIComponent(id)}`);
  }

  /** @param {ServiceProblem} problem @param {() => void} [again] tries again, if that may help */
  fail(problem, again) {
    this.options.explain(problem);
    const luck = problem.status === 0 || problem.status === 429 || problem.status >= 500;
    this.results.showProblem(problem, luck ? again : undefined);
  }

  /**
   * Shows a kept query.
   *
   * @param {string} id
   */
  async open(id) {
    this.session.clear();
    this.queryID = id;
    this.images = [];
    this.results.clear();
    this.results.showSearching(this.options.value.limit ?? 20);
    this.input.clear(text("image.place"));
    await this.galleriesArriving;
    /** @type {KeptQuery} */
    let kept;
    try {
      kept = await api.query(id);
    } catch (error) {
      if (this.queryID !== id) return;
      this.queryID = "";
      history.replaceState(null, "", "#/search");
      this.fail(api.asProblem(error), () => this.open(id));
      return;
    }
    if (this.queryID !== id) return;
    if (this.galleries.some(({ name }) => name === kept.gallery)) this.gallery.value = kept.gallery;
    this.offerCameras();
    this.options.set({ ...kept.options, standing: kept.standing });
    this.session.open(id);
    this.arriving = this.fetchImages(kept);
  }

  /** @param {KeptQuery} kept */
  async fetchImages({ query_id, image_url, images = 1 }) {
    if (!image_url) return;
    try {
      const blobs = await Promise.all(Array.from({ length: images }, (_, index) => api.image(`${image_url}?index=${index}`)));
      if (this.queryID !== query_id) return;
      this.images = blobs;
      this.input.show(blobs.map((blob) => ({ blob, name: text("query.name", { id: query_id }) })));
    } catch (error) {
      if (this.queryID !== query_id) return;
      this.input.clear(text("query.image-failed", { reason: api.asProblem(error).message }));
    }
  }

  /**
   * Starts a new search with images of the gallery that show one person.
   *
   * @param {RankingResult[]} results at least one
   */
  async searchWith(results) {
    const usable = results.filter(({ image_url }) => image_url);
    const cameras = new Set(usable.map(({ camera_id }) => camera_id ?? ""));
    try {
      const blobs = await Promise.all(usable.map(({ image_url }) => api.image(image_url ?? "")));
      this.input.show(blobs.map((blob, index) => ({ blob, name: text("image.gallery", { id: usable[index].image_id }) })));
      this.results.dialog.root.close();
      scrollTo(0, 0);
      this.take(blobs, cameras.size === 1 ? Array.from(cameras)[0] : "");
    } catch (error) {
      this.fail(api.asProblem(error));
    }
  }
}
