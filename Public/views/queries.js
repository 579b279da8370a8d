import { asProblem, deleteQuery, isAbort, queries } from "../scripts/api.js";
import { announce, confirmed, element, notice } from "../scripts/dom.js";
import { count, counted, decimal, moment } from "../scripts/format.js";
/** @import { KeptQuery, SearchOptions } from "../scripts/types.js" */

/** The kept queries: image, gallery, options, and whether the query is standing. */
export class QueriesView {
  title = "Queries";

  constructor() {
    this.loading = new AbortController();
    /** @type {string | null} */
    this.next = null;
    this.rows = element("tbody");
    this.table = element("table", { class: "records", hidden: true },
      element("thead", {}, element("tr", {},
        ...["Image", "Query", "Gallery", "Kept (UTC)", "State", "Options", "Actions"].map((name) =>
          element("th", { scope: "col" }, name)))),
      this.rows);
    this.message = element("div");
    this.more = element("button", { type: "button", hidden: true, onclick: () => this.load(this.next) }, "Show older");
    this.root = element("div", { class: "page" },
      element("header", { class: "page-header" },
        element("h1", { tabIndex: -1 }, "Kept queries"),
        element("p", {}, "Every search is kept with its options. ",
          "A watched query is ranked again whenever its gallery changes.")),
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
    if (this.rows.childElementCount === 0) this.message.replaceChildren(notice("loading", "Loading…"));
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
        element("button", { type: "button", onclick: () => this.load(cursor) }, "Try again")));
    } finally {
      this.more.disabled = false;
    }
  }

  showEmptiness() {
    const empty = this.rows.childElementCount === 0;
    this.table.hidden = empty;
    if (empty) {
      this.message.replaceChildren(notice("empty", "No kept queries yet.", "",
        element("a", { href: "#/search", class: "button" }, "Search with an image")));
    }
  }

  /** @param {KeptQuery} kept */
  row(kept) {
    const { query_id, gallery, name, created_at, standing, state, error, revision, options, image_url } = kept;
    const address = `#/search/${encodeURIComponent(query_id)}`;
    const label = `Delete query ${query_id}`;
    const remove = element("button", { type: "button", class: "danger", "aria-label": label }, "Delete");
    const row = element("tr", {},
      cell("Image", image_url
        ? element("img", { class: "thumbnail", src: image_url, alt: "Query image", loading: "lazy" })
        : element("span", { class: "thumbnail" })),
      cell("Query", element("a", name ? { href: address, title: query_id } : { href: address, class: "mono" }, name || query_id)),
      cell("Gallery", gallery),
      cell("Kept", moment(created_at)),
      cell("State", element("span", { class: "badges" },
        standing ? element("span", { class: "badge badge-accent" }, "watching") : null,
        state ? element("span", { class: "badge" }, state) : null,
        error ? element("span", { class: "badge badge-warning", title: error }, "not ranked") : null,
        typeof revision === "number" ? element("span", { class: "badge" }, `version ${count(revision)}`) : null)),
      cell("Options", summary(options)),
      cell("Actions", element("span", { class: "actions" },
        element("a", { href: address, class: "button", "aria-label": `Open query ${query_id}` }, "Open"), remove)));
    row.dataset.query = query_id;
    remove.addEventListener("click", () => this.remove(kept));
    return row;
  }

  /** @param {KeptQuery} kept */
  async remove({ query_id, gallery, standing }) {
    const question = `Delete the ${standing ? "watched " : ""}query ${query_id} on ${gallery} with its ranking?`;
    if (!await confirmed(question, "Delete")) return;
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
    announce(`Query ${query_id} deleted.`);
    this.showEmptiness();
    const target = neighbor?.querySelector("a") ?? this.root.querySelector("h1");
    target?.focus();
  }
}

/** @param {string} label the column's name, shown on narrow screens @param {Node | string} content */
function cell(label, content) {
  return element("td", { "data-label": label }, content);
}

/** @param {Partial<SearchOptions>} options */
function summary(options) {
  const parts = [];
  if (typeof options.limit === "number") parts.push(counted(options.limit, "result"));
  if (options.rerank === false) {
    parts.push("no re-ranking");
  } else if (typeof options.k1 === "number") {
    parts.push(`k1 ${options.k1}, k2 ${options.k2}, λ ${decimal(options.lambda, 2)}`);
  }
  if (options.query_camera) parts.push(`taken by ${options.query_camera}`);
  if (options.camera_normalization !== undefined) {
    parts.push(`differences between cameras ${options.camera_normalization ? "evened out" : "left in"}`);
  }
  if (options.camera?.length) parts.push(`only ${options.camera.join(", ")}`);
  if (options.exclude_camera?.length) parts.push(`without ${options.exclude_camera.join(", ")}`);
  if (options.captured_from) parts.push(`from ${moment(options.captured_from)}`);
  if (options.captured_to) parts.push(`to ${moment(options.captured_to)}`);
  return parts.join(" · ") || "–";
}
