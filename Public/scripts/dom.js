/**
 * Makes an element. Strings become text, never markup; properties named `on…` are listeners, `class` and names with a
 * dash are attributes, and everything else is a property of the element.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, unknown>} [properties]
 * @param {...(Node | string | null | undefined)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name.startsWith("on") && typeof value === "function") {
      node.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    } else if (name === "class" || name === "role" || name === "for" || name === "list" || name.includes("-")) {
      node.setAttribute(name, String(value));
    } else {
      /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (node))[name] = value;
    }
  }
  for (const child of children) if (child !== null && child !== undefined) node.append(child);
  return node;
}

/**
 * Shapes of the icons, drawn on a 16 × 16 grid.
 *
 * @type {Record<string, string>}
 */
const shapes = {
  check: "M3 8.5l3.5 3.5L13 4.5",
  crop: "M4.5 1.5v10h10M1.5 4.5h10v10",
  plus: "M8 3v10M3 8h10",
  close: "M4 4l8 8M12 4l-8 8",
  previous: "M10 3L5 8l5 5",
  next: "M6 3l5 5-5 5",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M10.3 10.3L14 14",
  upload: "M8 11V3M4.5 6L8 2.5 11.5 6M2.5 11v2.5h11V11",
  warning: "M8 2L15 14H1zM8 6.5v3.5M8 12v.1",
};

/**
 * A small line icon, hidden from screen readers.
 *
 * @param {"check" | "close" | "crop" | "plus" | "previous" | "next" | "search" | "upload" | "warning"} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const image = document.createElementNS(space, "svg");
  image.setAttribute("viewBox", "0 0 16 16");
  image.setAttribute("aria-hidden", "true");
  image.setAttribute("class", "icon");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", shapes[name]);
  image.append(path);
  return image;
}

/**
 * Lets a screen reader say something without moving the focus.
 *
 * @param {string} text
 */
export function announce(text) {
  const announcer = document.getElementById("announcer");
  if (announcer) announcer.textContent = text;
}

/**
 * A panel that says that there is nothing, that something failed or is doubtful, or that it is loading.
 *
 * @param {"empty" | "error" | "warning" | "loading"} kind
 * @param {string} title
 * @param {string} [detail]
 * @param {...Node} actions
 * @returns {HTMLElement}
 */
export function notice(kind, title, detail = "", ...actions) {
  return element("div", { class: `notice notice-${kind}`, role: kind === "error" ? "alert" : undefined },
    kind === "error" || kind === "warning" ? icon("warning") : null,
    element("div", {},
      element("p", { class: "notice-title" }, title),
      detail ? element("p", {}, detail) : null,
      actions.length > 0 ? element("p", { class: "actions" }, ...actions) : null));
}

/**
 * Asks the user to confirm an action that cannot be undone.
 *
 * @param {string} question
 * @param {string} action the text of the confirming button
 * @returns {Promise<boolean>}
 */
export function confirmed(question, action) {
  return new Promise((resolve) => {
    const dialog = element("dialog", { class: "confirm", "aria-label": question },
      element("p", {}, question),
      element("p", { class: "actions" },
        element("button", { type: "button", onclick: () => dialog.close("no") }, "Cancel"),
        element("button", { type: "button", class: "danger", onclick: () => dialog.close("yes") }, action)));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
