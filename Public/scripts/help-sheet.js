import { element, icon } from "./dom.js";
import { text } from "./text.js";

/** The keys of each part of the page, with the name of what they do. @type {[string, [string, string][]][]} */
const sections = [
  ["help.anywhere", [
    ["?", "help.key.help"], ["/", "help.key.image"], ["Ctrl V", "help.key.paste"], ["R", "help.key.results"],
    ["T", "help.key.timeline"], ["G", "help.key.group"], ["M", "help.key.measure"], ["+  −", "help.key.size"],
    ["Shift S", "help.key.marked"],
  ]],
  ["help.grid", [
    ["← → ↑ ↓", "help.key.move"], ["Home End", "help.key.ends"], ["PgUp PgDn", "help.key.page"], ["Enter", "help.key.open"],
    ["X", "help.key.mark"], ["S", "help.key.search"], ["0 … 7", "help.key.branch"],
  ]],
  ["help.timeline", [
    ["← →", "help.key.time"], ["↑ ↓", "help.key.lane"], ["Enter", "help.key.open"], ["X", "help.key.mark"],
    ["+  −", "help.key.zoom"], ["0", "help.key.whole"], ["[  ]", "help.key.from"], ["N", "help.key.narrow"],
  ]],
  ["help.dialog", [["← →", "help.key.step"], ["X", "help.key.mark"], ["0 … 7", "help.key.branch"], ["Esc", "action.close"]]],
  ["help.crop", [
    ["← → ↑ ↓", "help.key.crop.move"], ["N  ,  .", "help.key.crop.boxes"], ["Delete", "help.key.crop.remove"],
    ["Enter", "help.key.search"], ["Esc", "action.close"],
  ]],
];

/** Shows every key until it is closed. */
export function showHelp() {
  const close = element("button", {
    type: "button", class: "icon-button", "aria-label": text("action.close"), onclick: () => dialog.close(),
  }, icon("close"));
  const dialog = element("dialog", { class: "help-sheet", "aria-labelledby": "help-title" },
    element("header", { class: "dialog-header" }, element("h2", { id: "help-title" }, text("help.title")), close),
    element("div", { class: "help-sections" }, ...sections.map(([name, keys]) => element("section", {},
      element("h3", {}, text(name)),
      element("dl", { class: "help-keys" }, ...keys.flatMap(([key, meaning]) =>
        [element("dt", {}, ...key.split(/\s+/).map((part) => element("kbd", {}, part))),
          element("dd", {}, text(meaning))]))))));
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "?") dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
}
