import { element, notice } from "../scripts/dom.js";
import { count } from "../scripts/format.js";
import { text } from "../scripts/text.js";
/** @import { Model } from "../scripts/types.js" */
/** @import { Service, ServiceState } from "../scripts/service.js" */

/** The configuration's keys that have a meaning in words. */
const explained = [
  "block", "depths", "width", "last_stride", "local_stage", "branches", "branch_dim",
  "global_dim", "attention", "descriptor", "candidate_ratios", "height", "width_px", "identities",
];

/** The network that turns images into vectors. */
export class ModelView {
  title = text("nav.model");

  /** @param {Service} service */
  constructor(service) {
    this.body = element("div");
    this.root = element("div", { class: "page" },
      element("header", { class: "page-header" }, element("h1", { tabIndex: -1 }, text("nav.model"))),
      this.body);
    service.follow((state) => this.draw(state));
  }

  show() {}

  hide() {}

  /** @param {ServiceState} state */
  draw({ condition, model }) {
    if (model) {
      this.body.replaceChildren(facts(model), configuration(model));
    } else if (condition === "unreachable") {
      this.body.replaceChildren(notice("error", text("problem.connection"), text("problem.connection.detail")));
    } else {
      this.body.replaceChildren(notice("loading", text(condition === "starting" ? "state.not-ready" : "state.loading")));
    }
  }
}

/** @param {Model} model */
function facts({ name, sha256, trained, dimensions, parameters, precision, mirrored, profile }) {
  const training = trained
    ? element("span", { class: "badge badge-good" }, text("model.trained"))
    : element("span", { class: "badge badge-warning" }, text("model.untrained"));
  /** @type {[string, Node | string][]} */
  const rows = [
    [text("model.name"), name],
    [text("model.training"), training],
    ["SHA-256", element("span", { class: "mono digest" }, sha256)],
    [text("model.vector"), text("model.dimensions", { count: count(dimensions) })],
    [text("model.parameters"), count(parameters)],
    [text("model.precision"), precision],
    [text("model.embeds"), text(mirrored ? "model.embeds.mirrored" : "model.embeds.image")],
    [text("model.warns"), profile ? text("model.warns.by", { count: count(profile.images) }) : text("model.warns.not")],
  ];
  return element("section", { class: "card", "aria-label": text("model.facts") },
    element("dl", { class: "facts wide-facts" }, ...rows.flatMap(([term, value]) =>
      [element("dt", {}, term), element("dd", {}, value)])));
}

/** @param {Model} model */
function configuration({ config }) {
  const rows = Object.entries(config).map(([key, value]) => element("tr", {},
    element("th", { scope: "row", class: "mono" }, key),
    element("td", { class: "mono" }, Array.isArray(value) ? value.join(", ") : String(value)),
    element("td", {}, explained.includes(key) ? text(`model.config.${key}`) : "")));
  return element("section", { class: "card" },
    element("h2", {}, text("model.configuration")),
    element("table", { class: "configuration" }, element("tbody", {}, ...rows)));
}
