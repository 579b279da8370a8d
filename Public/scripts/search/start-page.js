import { asProblem, galleryImages, isAbort, queries } from "../api.js";
import { element } from "../dom.js";
import { shortMoment } from "../format.js";
import { text } from "../text.js";
/** @import { KeptQuery, RankingResult } from "../types.js" */

/** The most recent queries and people of the gallery that are offered. */
const recentQueries = 12;
const offeredPeople = 12;

/** What an operator can start with: recent queries, and people of the chosen gallery. */
export class StartPage {
  /** @param {(image: RankingResult) => void} onSearchWith */
  constructor(onSearchWith) {
    this.onSearchWith = onSearchWith;
    this.loading = new AbortController();
    this.recent = element("section", { hidden: true });
    this.people = element("section", { hidden: true });
    this.root = element("div", { class: "start-page" },
      element("div", { class: "start-title" },
        element("h2", {}, text("start.title")), element("p", {}, text("start.text"))),
      this.recent, this.people);
  }

  /** @param {string} gallery the chosen one; empty: none */
  async show(gallery) {
    this.loading.abort();
    this.loading = new AbortController();
    const { signal } = this.loading;
    try {
      const [kept, images] = await Promise.all([
        queries(null, signal), gallery ? galleryImages(gallery, signal) : Promise.resolve([])]);
      if (signal.aborted) return;
      this.fill(this.recent, text("start.recent"), kept.items.slice(0, recentQueries).filter(({ image_url }) => image_url).map(recent));
      this.fill(this.people, text("start.people", { gallery }), onePerPerson(images).map((image) => this.person(image)));
    } catch (error) {
      // The view says for itself that the service cannot be reached.
      if (!isAbort(error)) console.info("start page:", asProblem(error).message);
    }
  }

  /** @param {HTMLElement} section @param {string} title @param {HTMLElement[]} items */
  fill(section, title, items) {
    section.hidden = items.length === 0;
    section.replaceChildren(element("h3", {}, title),
      element("ul", { class: "starters" }, ...items.map((item) => element("li", {}, item))));
  }

  /** @param {RankingResult} image */
  person(image) {
    const { person_id, camera_id, image_url } = image;
    const label = text("start.person", { person: person_id ?? text("person.unknown"), camera: camera_id ?? "–" });
    return element("button", { type: "button", class: "starter", title: label, "aria-label": label,
      onclick: () => this.onSearchWith(image) },
      element("img", { src: image_url, alt: "", loading: "lazy" }),
      element("span", {}, person_id ?? "–"), element("small", {}, camera_id ?? ""));
  }
}

/** @param {KeptQuery} query */
function recent({ query_id, gallery, name, created_at, image_url }) {
  const time = shortMoment(created_at);
  return element("a", { class: "starter", href: `#/search/${encodeURIComponent(query_id)}`,
    title: text("start.query", { time, gallery }), "aria-label": text("start.query", { time, gallery }) },
    element("img", { src: image_url, alt: "", loading: "lazy" }),
    element("span", {}, name || gallery), element("small", {}, time.slice(5)));
}

/** The first image of each person, those with a name first. @param {RankingResult[]} images */
function onePerPerson(images) {
  /** @type {Map<string, RankingResult>} */
  const people = new Map();
  const named = images.filter(({ person_id }) => person_id);
  for (const image of [...named, ...images]) {
    const person = image.person_id ?? image.image_id;
    if (image.image_url && !people.has(person)) people.set(person, image);
  }
  return Array.from(people.values()).slice(0, offeredPeople);
}
