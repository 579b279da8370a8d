import { asProblem, galleries, isAbort } from "../scripts/api.js";
import { element, notice } from "../scripts/dom.js";
import { count, decimal, moment, shortDigest } from "../scripts/format.js";
import { text } from "../scripts/text.js";
/** @import { Batch, Gallery } from "../scripts/types.js" */
/** @import { Service } from "../scripts/service.js" */

/** The milliseconds between two checks: short while a batch runs, long otherwise. */
const busyInterval = 2_000;
const idleInterval = 4_000;

/** The galleries, with the batches that are being enrolled. */
export class GalleriesView {
  title = text("nav.galleries");

  /** @param {Service} service */
  constructor(service) {
    this.service = service;
    this.loading = new AbortController();
    this.timer = 0;
    this.visible = false;
    /** @type {Map<string, GalleryCard>} */
    this.cards = new Map();
    this.message = element("div", {}, notice("loading", text("state.loading")));
    this.list = element("div", { class: "cards" });
    this.root = element("div", { class: "page" },
      element("header", { class: "page-header" },
        element("h1", { tabIndex: -1 }, text("nav.galleries")),
        element("p", {}, text("gallery.text"))),
      this.message, this.list);
    document.addEventListener("visibilitychange", () => {
      if (this.visible && !document.hidden) void this.look();
    });
  }

  show() {
    this.visible = true;
    void this.look();
  }

  hide() {
    this.visible = false;
    clearTimeout(this.timer);
    this.loading.abort();
  }

  async look() {
    clearTimeout(this.timer);
    this.loading.abort();
    this.loading = new AbortController();
    let running = false;
    try {
      const all = await galleries(this.loading.signal);
      running = all.some((gallery) => (gallery.running_batches ?? []).length > 0);
      this.draw(all);
    } catch (error) {
      if (isAbort(error)) return;
      const { title, message } = asProblem(error);
      this.message.replaceChildren(notice("error", title, message,
        element("button", { type: "button", onclick: () => this.look() }, text("action.again"))));
    }
    if (!this.visible || document.hidden) return;
    this.timer = setTimeout(() => this.look(), running ? busyInterval : idleInterval);
  }

  /**
   * Reuses the cards of galleries that still exist, so that the focus stays.
   *
   * @param {Gallery[]} all
   */
  draw(all) {
    this.message.replaceChildren();
    if (all.length === 0) {
      this.message.append(notice("empty", text("gallery.none"),
        text("gallery.create")));
    }
    const names = new Set(all.map(({ name }) => name));
    for (const [name, card] of this.cards) {
      if (names.has(name)) continue;
      card.root.remove();
      this.cards.delete(name);
    }
    for (const gallery of all) {
      let card = this.cards.get(gallery.name);
      if (!card) {
        card = new GalleryCard(gallery.name);
        this.cards.set(gallery.name, card);
        this.list.append(card.root);
      }
      card.show(gallery, this.service.state.model?.sha256 ?? "");
    }
  }
}

/** One gallery. */
class GalleryCard {
  /** @param {string} name */
  constructor(name) {
    this.facts = element("dl", { class: "facts" });
    this.warning = element("p", { class: "card-warning", hidden: true });
    this.batches = element("ul", { class: "batches" });
    this.root = element("article", { class: "card", "aria-label": text("gallery.card", { name }) },
      element("header", {},
        element("h2", {}, name),
        element("a", {
          class: "button",
          href: `#/search/in:${encodeURIComponent(name)}`,
          "aria-label": text("gallery.search.label", { name }),
        }, text("nav.search"))),
      this.facts, this.warning, this.batches);
  }

  /** @param {Gallery} gallery @param {string} loaded the SHA-256 of the served model, or empty */
  show(gallery, loaded) {
    const { images, people, cameras, cameras_with_mean, camera_normalization, captured_from, captured_to, model, revision } = gallery;
    const times = element("span", { class: "span-of-time" },
      element("span", {}, moment(captured_from)),
      captured_to ? element("span", {}, text("gallery.to", { time: moment(captured_to) })) : null);
    /** @type {[string, Node | string][]} */
    const rows = [
      [text("gallery.images"), count(images)],
      [text("gallery.people"), count(people)],
      [text("option.cameras"), cameras.length > 0 ? `${count(cameras.length)}: ${cameras.join(", ")}` : "–"],
      [text("gallery.evened"), camera_normalization ? count(cameras_with_mean.length) : text("branch.off")],
      [text("gallery.captured"), times],
      [text("nav.model"), element("span", { class: "mono", title: model }, shortDigest(model))],
      [text("gallery.revision"), count(revision)],
    ];
    this.facts.replaceChildren(...rows.flatMap(([name, value]) =>
      [element("dt", {}, name), element("dd", {}, value)]));
    const isCurrent = !(gallery.needs_reembedding ?? (loaded !== "" && !model.endsWith(loaded)));
    this.warning.hidden = isCurrent;
    this.warning.textContent = gallery.searchable
      ? text("gallery.old-model")
      : text("gallery.other-model");
    this.batches.replaceChildren(...(gallery.running_batches ?? []).map(batchRow));
  }
}

/** @param {Batch} batch */
function batchRow({ id, state, received: known, enrolled, duplicate, failed, items_per_second }) {
  const received = known ?? 0;
  const done = enrolled + duplicate + failed;
  const rate = items_per_second ?? 0;
  const progress = element("progress", { "aria-label": text("gallery.batch", { id }) });
  if (received > 0) {
    progress.max = received;
    progress.value = done;
  }
  const left = rate > 0 && received > done ? text("gallery.left", { time: duration((received - done) / rate) }) : "";
  return element("li", {},
    element("p", {},
      element("span", { class: "mono" }, id),
      element("span", { class: "badge badge-accent" }, state),
      element("span", {}, received > 0 ? text("gallery.progress", { done: count(done), all: count(received), count: received }) : text("gallery.items", { count: done }))),
    progress,
    element("p", { class: "hint" },
      text("gallery.outcome", { enrolled: count(enrolled), duplicate: count(duplicate), failed: count(failed) }),
      rate > 0 ? ` · ${text("gallery.rate", { rate: decimal(rate, 1) })}${left}` : ""));
}

/** @param {number} seconds */
function duration(seconds) {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.ceil(seconds / 60)} min` : `${decimal(seconds / 3600, 1)} h`;
}
