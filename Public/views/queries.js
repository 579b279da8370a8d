import { asProblem, deleteQuery, isAbort, queries } from "../scripts/api.js";
import { announce, confirmed, element, notice } from "../scripts/dom.js";
import { count, decimal, moment } from "../scripts/format.js";
import { text } from "../scripts/text.js";
/** @import { KeptQuery, SearchOptions } from "../scripts/types.js" */

/** The kept queries: image, gallery, options, and whether the query is standing. */
export class QueriesView {
  title = text("nav.queries");

  constructor() {
    this.loading = new AbortController();
    /** @type {string | null} */
    this.next = null;
    this.rows = element("tbody");
    this.table = element("table", { class: "records", hidden: true },
      element("thead", {}, element("tr", {},
        ...Object.values(columns).map((name) => element("th", { scope: "col" }, text(name))))),
      this.rows);
    this.message = element("div");
    this.more = element("button", { type: "button", hidden: true, onclick: () => this.load(this.next) }, text("queries.older"));
    this.root = element("div", { class: "page" },
      element("header", { class: "page-header" },
        element("h1", { tabIndex: -1 }, text("queries.title")),
        element("p", {}, text("queries.text"))),
      this.message, this.table, this.more);
  }

  show() {
    void this.load(null);
  }

  hide() {
    this.loading.abort();
  }

  /** @param {string | null} cursor null: the first page */
  async load(cursor) {
    this.loading.abort();
    this.loading = new AbortController();
    if (this.rows.childElementCount === 0) this.message.replaceChildren(notice("loading", text("state.loading")));
    this.more.disabled = true;
    try {
      const page = await queries(cursor, this.loading.signal);
      const rows = page.items.map((kept) => this.row(kept));
      if (cursor) this.rows.append(...rows);
      else this.rows.replaceChildren(...rows);
      this.next = page.next;
      this.more.hidden = !page.next;
      this.message.replaceChildren();
      this.showEmptiness();
    } catch (error) {
      if (isAbort(error)) return;
      const { title, message } = asProblem(error);
      this.message.replaceChildren(notice("error", title, message,
        element("button", { type: "button", onclick: () => this.load(cursor) }, text("action.again"))));
    } finally {
      this.more.disabled = false;
    }
  }

  showEmptiness() {
    const empty = this.rows.childElementCount === 0;
    this.table.hidden = empty;
    if (empty) {
      this.message.replaceChildren(notice("empty", text("queries.none"), "",
        element("a", { href: "#/search", class: "button" }, text("queries.search"))));
    }
  }

  /** @param {KeptQuery} kept */
  row(kept) {
    const { query_id, gallery, name, created_at, standing, state, error, revision, options, image_url } = kept;
    const address = `#/search/${encodeURIComponent(query_id)}`;
    const label = text("queries.delete.label", { id: query_id });
    const remove = element("button", { type: "button", class: "danger", "aria-label": label }, text("queries.delete"));
    const row = element("tr", {},
      cell("image", image_url
        ? element("img", { class: "thumbnail", src: image_url, alt: text("queries.image"), loading: "lazy" })
        : element("span", { class: "thumbnail" })),
      cell("query", element("a", name ? { href: address, title: query_id } : { href: address, class: "mono" }, name || query_id)),
      cell("gallery", gallery),
      cell("kept", moment(created_at)),
      cell("state", element("span", { class: "badges" },
        standing ? element("span", { class: "badge badge-accent" }, text("queries.watching")) : null,
        state ? element("span", { class: "badge" }, state) : null,
        error ? element("span", { class: "badge badge-warning", title: error }, text("queries.not-ranked")) : null,
        typeof revision === "number" ? element("span", { class: "badge" }, text("queries.version", { revision: count(revision) })) : null)),
      cell("options", summary(options)),
      cell("actions", element("span", { class: "actions" },
        element("a", { href: address, class: "button", "aria-label": text("queries.open.label", { id: query_id }) }, text("queries.open")), remove)));
    row.dataset.query = query_id;
    remove.addEventListener("click", () => this.remove(kept));
    return row;
  }

  /** @param {KeptQuery} kept */
  async remove({ query_id, gallery, standing }) {
    const question = text(standing ? "queries.delete.watched" : "queries.delete.question", { id: query_id, gallery });
    if (!await confirmed(question, text("queries.delete"))) return;
    try {
      await deleteQuery(query_id);
    } catch (error) {
      const { title, message, status } = asProblem(error);
      if (status !== 404) {
        this.message.replaceChildren(notice("error", title, message));
        return;
      }
    }
    // The list may have been loaded again in the meantime.
    const row = Array.from(this.rows.children)
      .find((candidate) => candidate instanceof HTMLElement && candidate.dataset.query === query_id);
    const neighbor = row?.nextElementSibling ?? row?.previousElementSibling;
    row?.remove();
    announce(text("queries.deleted", { id: query_id }));
    this.showEmptiness();
    const target = neighbor?.querySelector("a") ?? this.root.querySelector("h1");
    target?.focus();
  }
}

/** The strings that name the columns, by the names that the style sheet knows. @type {Record<string, string>} */
const columns = {
  image: "fact.image", query: "dialog.query", gallery: "option.gallery", kept: "queries.kept", state: "queries.state",
  options: "option.title", actions: "queries.actions",
};

/** @param {string} column whose name is shown on narrow screens @param {Node | string} content */
function cell(column, content) {
  return element("td", { "data-column": column, "data-label": text(columns[column]) }, content);
}

/** @param {Partial<SearchOptions>} options */
function summary(options) {
  const parts = [];
  if (typeof options.limit === "number") parts.push(text("queries.results", { count: options.limit }));
  if (options.rerank === false) {
    parts.push(text("queries.not-reranked"));
  } else if (typeof options.k1 === "number") {
    parts.push(`k1 ${options.k1}, k2 ${options.k2}, λ ${decimal(options.lambda, 2)}`);
  }
  if (options.query_camera) parts.push(text("queries.camera", { camera: options.query_camera }));
  if (options.camera_normalization !== undefined) {
    parts.push(text(options.camera_normalization ? "queries.evened" : "queries.not-evened"));
  }
  if (options.camera?.length) parts.push(text("queries.only", { cameras: options.camera.join(", ") }));
  if (options.exclude_camera?.length) parts.push(text("queries.without", { cameras: options.exclude_camera.join(", ") }));
  if (options.captured_from) parts.push(text("queries.from", { time: moment(options.captured_from) }));
  if (options.captured_to) parts.push(text("queries.to", { time: moment(options.captured_to) }));
  return parts.join(" · ") || "–";
}
