import * as api from "../scripts/api.js";
import { element } from "../scripts/dom.js";
import { count } from "../scripts/format.js";
import { OptionsPanel } from "../scripts/search/options-panel.js";
import { ImageInput } from "../scripts/search/image-input.js";
import { ResultsPane } from "../scripts/results/results-pane.js";
import { SearchSession } from "../scripts/search/search-session.js";
/** @import { Gallery, KeptQuery, RankingResult } from "../scripts/types.js" */
/** @import { ServiceProblem } from "../scripts/api.js" */
/** @import { Service } from "../scripts/service.js" */

/** The milliseconds after which the galleries are loaded again if there were none. */
const galleryInterval = 2_000;

/** The search: an image, options, and the ranking. */
export class SearchView {
  title = "Search";

  /** @param {Service} service */
  constructor(service) {
    /** @type {Gallery[]} */
    this.galleries = [];
    /** @type {Blob | null} */
    this.image = null;
    /**
     * Resolved when a kept query's image has been loaded, or has failed to load.
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
      onImage: (image) => this.take(image),
      onRefused: (detail) => this.fail(new api.ServiceProblem(detail, { title: "Not an image for a search" })),
    });
    this.input.listen(() => this.visible);
    this.gallery = element("select", { id: "gallery", onchange: () => this.galleryChosen() });
    this.options = new OptionsPanel(() => this.search());
    this.options.root.open = matchMedia("(min-width: 860px)").matches;
    this.results = new ResultsPane({
      onSearchWith: (result) => this.searchWith(result),
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
      element("h1", { class: "visually-hidden", tabIndex: -1 }, "Search"),
      element("section", { class: "query-pane", "aria-label": "Query" },
        this.input.root,
        element("div", { class: "field" }, element("label", { for: "gallery" }, "Gallery"), this.gallery),
        this.options.root),
      this.results.root);
    this.results.showEmpty();
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
    this.results.dialog.root.close();
  }

  /** @param {string} wanted the gallery to select, or empty */
  async loadGalleries(wanted) {
    try {
      this.galleries = await api.galleries();
    } catch (error) {
      this.fail(api.asProblem(error), () => this.galleriesAgain(wanted));
      return;
    }
    const chosen = wanted || this.gallery.value || storedGallery();
    this.gallery.replaceChildren(...this.galleries.map(({ name, images }) =>
      element("option", { value: name }, `${name} (${count(images)})`)));
    this.gallery.disabled = this.galleries.length === 0;
    if (this.galleries.length === 0) {
      this.gallery.append(element("option", { value: "" }, "No galleries yet"));
      this.results.showNoGallery();
      // A gallery may be created soon, for example the demo gallery after the first start of the service.
      clearTimeout(this.galleryTimer);
      if (this.visible) this.galleryTimer = setTimeout(() => this.galleriesAgain(wanted), galleryInterval);
    } else {
      if (this.galleries.some(({ name }) => name === chosen)) this.gallery.value = chosen;
      if (!this.queryID && !this.image) this.results.showEmpty();
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
    if (this.image && !this.queryID && this.galleries.length > 0) await this.search();
  }

  offerCameras() {
    this.options.setGallery(this.galleries.find(({ name }) => name === this.gallery.value));
  }

  galleryChosen() {
    storeGallery(this.gallery.value);
    this.offerCameras();
    void this.search();
  }

  /** @param {Blob} image @param {string} [camera] the camera that took it; empty: not known */
  take(image, camera = "") {
    this.session.clear();
    this.options.queryCamera.choose(camera);
    this.queryID = "";
    if (this.visible) history.replaceState(null, "", "#/search");
    this.image = image;
    this.arriving = Promise.resolve();
    this.results.clear();
    void this.search();
  }

  /** Searches with the current image, gallery and options, if they are complete. */
  async search() {
    await Promise.all([this.arriving, this.galleriesArriving]);
    if (!this.image) {
      const missing = "The image of this query is not at hand; choose one to search with these options.";
      if (this.queryID) this.results.explain(missing);
      return;
    }
    if (this.gallery.value === "") return this.results.showNoGallery();
    if (!this.options.validate()) return;
    await this.session.search({ gallery: this.gallery.value, image: this.image, options: this.options.value });
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
    this.image = null;
    this.results.clear();
    this.results.showSearching(this.options.value.limit ?? 20);
    this.input.clear("Drop, paste or choose an image");
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
    this.arriving = this.fetchImage(kept);
  }

  /** @param {KeptQuery} kept */
  async fetchImage(kept) {
    if (!kept.image_url) return;
    try {
      const image = await api.image(kept.image_url);
      if (this.queryID !== kept.query_id) return;
      this.image = image;
      this.input.show(image, `Query ${kept.query_id}`);
    } catch (error) {
      if (this.queryID !== kept.query_id) return;
      this.input.clear(`The query’s image is not available: ${api.asProblem(error).message}`);
    }
  }

  /**
   * Starts a new search with an image of the gallery.
   *
   * @param {RankingResult} result one that has an image
   */
  async searchWith({ image_id, image_url, camera_id }) {
    try {
      const image = await api.image(image_url ?? "");
      this.input.show(image, `Gallery image ${image_id}`);
      this.results.dialog.root.close();
      scrollTo(0, 0);
      this.take(image, camera_id ?? "");
    } catch (error) {
      this.fail(api.asProblem(error));
    }
  }
}

/** The gallery that was chosen last; empty if the browser forbids storage. */
function storedGallery() {
  try {
    return localStorage.getItem("reid.gallery") ?? "";
  } catch {
    return "";
  }
}

/** @param {string} name */
function storeGallery(name) {
  try {
    localStorage.setItem("reid.gallery", name);
  } catch (error) {
    console.info("gallery not kept:", error);
  }
}
