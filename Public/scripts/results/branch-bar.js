import { element } from "../dom.js";
import { text } from "../text.js";

let bars = 0;

/** A row of switches: "off", and one for each branch. They are radio buttons, so that the arrow keys work. */
export class BranchBar {
  /**
   * @param {string} label
   * @param {(branch: number | null) => void} onChoose
   */
  constructor(label, onChoose) {
    bars += 1;
    this.name = `branch-bar-${bars}`;
    this.onChoose = onChoose;
    this.branches = -1;
    this.choices = element("span", { class: "segments" });
    this.root = element("fieldset", { class: "branch-bar" },
      element("legend", { class: "visually-hidden" }, label),
      element("span", { "aria-hidden": "true" }, label),
      this.choices);
    this.setBranches(0);
  }

  /** @param {number} branches the number of branches of the model */
  setBranches(branches) {
    if (branches === this.branches) return;
    this.branches = branches;
    this.root.hidden = branches === 0;
    this.choices.replaceChildren(this.choice(null), ...Array.from({ length: branches }, (_, i) => this.choice(i)));
    this.choose(null);
  }

  /** @param {number | null} branch */
  choice(branch) {
    return element("label", {},
      element("input", {
        type: "radio",
        name: this.name,
        value: branch === null ? "" : String(branch),
        "aria-label": branch === null ? text("branch.none") : text("branch.one", { branch }),
        onchange: () => this.onChoose(branch),
      }),
      element("span", { "aria-hidden": "true" }, branch === null ? text("branch.off") : String(branch)));
  }

  /**
   * Shows a choice without calling the handler.
   *
   * @param {number | null} branch
   */
  choose(branch) {
    const value = branch === null ? "" : String(branch);
    for (const input of this.choices.querySelectorAll("input")) input.checked = input.value === value;
  }
}
