import { GalleriesView } from "../views/galleries.js";
import { ModelView } from "../views/model.js";
import { QueriesView } from "../views/queries.js";
import { SearchView } from "../views/search.js";
import { SignInView } from "../views/sign-in.js";
import { asProblem, session, signedOut, signOut } from "./api.js";
import { announce, element, icon } from "./dom.js";
import { Service } from "./service.js";
import { text } from "./text.js";
/** @import { View } from "./types.js" */
/** @import { ServiceState } from "./service.js" */

const service = new Service();
/** @type {Record<string, View>} */
const views = {
  search: new SearchView(service),
  queries: new QueriesView(),
  galleries: new GalleriesView(service),
  model: new ModelView(service),
};
const signInView = new SignInView(() => enter());
/** @type {View | null} */
let current = null;
/** Whether the sign-in is shown instead of a view. */
let locked = false;

/**
 * Decodes percent signs; a malformed text is returned unchanged.
 *
 * @param {string} text
 */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Shows the view that the address names: `#/search`, `#/search/q_…`, `#/queries`, … */
function route() {
  if (locked) return;
  const [name, ...rest] = location.hash.replace(/^#\/?/, "").split("/");
  const view = views[name] ?? views.search;
  const argument = rest.length > 0 ? decoded(rest.join("/")) : null;
  document.title = `${view.title} · reid`;
  for (const link of document.querySelectorAll(".site-nav a")) {
    const here = link.getAttribute("href") === `#/${views[name] ? name : "search"}`;
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (view !== current) {
    const first = current === null;
    current?.hide();
    current = view;
    document.getElementById("main")?.replaceChildren(view.root);
    if (!first) {
      scrollTo(0, 0);
      view.root.querySelector("h1")?.focus({ preventScroll: true });
    }
  }
  view.show(argument);
}

/** Shows the sign-in; the address stays, so that signing in leads back to where one was. */
function lock() {
  if (locked) return;
  locked = true;
  service.locked = true;
  current?.hide();
  current = null;
  showAccount("");
  document.title = `${text("sign-in.title")} · reid`;
  document.getElementById("main")?.replaceChildren(signInView.root);
  signInView.show();
  void service.look();
}

/** Shows the view that the address names, or the sign-in if the service asks for it. */
async function enter() {
  try {
    const who = await session();
    if (!who) return lock();
    showAccount(who.signed_in ? who.name : "");
  } catch (error) {
    // The views say for themselves that the service cannot be reached.
    console.info("session:", error);
  }
  locked = false;
  service.locked = false;
  // The banner and the number of branches are known before the view appears, so that the layout does not move.
  await service.look();
  route();
}

/** @param {string} name of the token that is signed in; empty: none */
function showAccount(name) {
  const account = document.getElementById("account");
  if (!account) return;
  account.hidden = name === "";
  account.replaceChildren(
    element("span", { class: "account-name", title: text("sign-in.account", { name }) }, text("sign-in.account", { name })), " · ",
    element("button", { type: "button", class: "quiet", onclick: () => leave() }, text("sign-in.out")));
}

/** Signs out, and loads the page anew, so that nothing of what was shown stays. */
async function leave() {
  try {
    await signOut();
  } catch (error) {
    const { status, message } = asProblem(error);
    if (status !== 401) return announce(text("sign-in.not-out", { reason: message }));
  }
  history.replaceState(null, "", "/");
  location.reload();
}

/** Puts the page's own words into the page's language. */
function translate() {
  for (const node of document.querySelectorAll("[data-text]")) {
    if (node instanceof HTMLElement) node.textContent = text(node.dataset.text ?? "");
  }
}

/** @param {ServiceState} state */
function showService({ condition, trained }) {
  const pill = document.getElementById("service-state");
  if (pill) {
    pill.dataset.state = condition;
    pill.replaceChildren(element("span", {}, text(`service.${condition}`)));
  }
  const banner = document.getElementById("banner");
  if (!banner || banner.hidden === (trained !== false)) return;
  banner.hidden = trained !== false;
  banner.replaceChildren(icon("warning"), element("p", {},
    element("strong", {}, text("model.banner")),
    ` ${text("model.banner.detail")}`));
}

/** Stores the color theme; if the browser forbids storage, it lasts only as long as the page. */
function connectThemePicker() {
  const picker = document.getElementById("theme");
  if (!(picker instanceof HTMLSelectElement)) return;
  picker.value = document.documentElement.dataset.theme ?? "system";
  picker.addEventListener("change", () => {
    if (picker.value === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = picker.value;
    try {
      localStorage.setItem("reid.theme", picker.value);
    } catch (error) {
      console.info("theme not kept:", error);
    }
  });
}

document.querySelector(".skip-link")?.addEventListener("click", (event) => {
  // The views use the address, so the focus is set here instead.
  event.preventDefault();
  document.getElementById("main")?.focus();
});
translate();
connectThemePicker();
service.follow(showService);
signedOut.addEventListener("signedout", lock);
addEventListener("hashchange", route);
await enter();
