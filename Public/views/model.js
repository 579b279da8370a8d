import { element, notice } from "../scripts/dom.js";
import { count, counted } from "../scripts/format.js";
/** @import { Model } from "../scripts/types.js" */
/** @import { Service, ServiceState } from "../scripts/service.js" */

/**
 * What the configuration's keys mean.
 *
 * @type {Record<string, string>}
 */
const meanings = {
  block: "residual block of the backbone",
  depths: "blocks in each of the four stages",
  width: "channels of the stem",
  last_stride: "stride of the fourth stage",
  local_stage: "stage whose feature maps the local branches see",
  branches: "attention branches",
  branch_dim: "length of one branch’s descriptor",
  global_dim: "length of the global embedding",
  attention: "kernels of the attention",
  descriptor: "parts of the descriptor: S, P, R",
  candidate_ratios: "share of candidate positions in each branch",
  height: "input height in pixels",
  width_px: "input width in pixels",
  identities: "classes in training; 0 for inference",
};

/** The network that turns images into vectors. */
export class ModelView {
  title = "Model";

  /** @param {Service} service */
  constructor(service) {
    this.body = element("div");
    this.root = element("div", { class: "page" },
      element("header", { class: "page-header" }, element("h1", { tabIndex: -1 }, "Model")),
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
      const detail = "The service cannot be reached. Is it running?";
      this.body.replaceChildren(notice("error", "No connection", detail));
    } else {
      const text = condition === "starting" ? "The service is not ready yet…" : "Loading…";
      this.body.replaceChildren(notice("loading", text));
    }
  }
}

/** @param {Model} model */
function facts({ name, sha256, trained, dimensions, parameters, precision, mirrored, profile }) {
  const training = trained
    ? element("span", { class: "badge badge-good" }, "trained")
    : element("span", { class: "badge badge-warning" }, "untrained: random weights");
  /** @type {[string, Node | string][]} */
  const rows = [
    ["Name", name],
    ["Training", training],
    ["SHA-256", element("span", { class: "mono digest" }, sha256)],
    ["Vector", `${count(dimensions)} dimensions`],
    ["Parameters", count(parameters)],
    ["Precision", precision],
    ["Embeds", mirrored ? "image and mirror image, averaged" : "the image"],
    ["Warns of images without people", profile ? `yes, by ${counted(profile.images, "image")} of people` : "no: not known"],
  ];
  return element("section", { class: "card", "aria-label": "Facts" },
    element("dl", { class: "facts wide-facts" }, ...rows.flatMap(([term, value]) =>
      [element("dt", {}, term), element("dd", {}, value)])));
}

/** @param {Model} model */
function configuration({ config }) {
  const rows = Object.entries(config).map(([key, value]) => element("tr", {},
    element("th", { scope: "row", class: "mono" }, key),
    element("td", { class: "mono" }, Array.isArray(value) ? value.join(", ") : String(value)),
    element("td", {}, meanings[key] ?? "")));
  return element("section", { class: "card" },
    element("h2", {}, "Configuration"),
    element("table", { class: "configuration" }, element("tbody", {}, ...rows)));
}
