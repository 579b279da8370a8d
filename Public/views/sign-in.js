import { asProblem, signIn } from "../scripts/api.js";
import { element } from "../scripts/dom.js";
import { text } from "../scripts/text.js";

/** Asks for a token, which the service turns into a cookie that no script can read. */
export class SignInView {
  /** @param {() => void} onSignedIn */
  constructor(onSignedIn) {
    this.onSignedIn = onSignedIn;
    this.token = element("input", {
      id: "token", type: "password", autocomplete: "current-password", required: true, maxLength: 256,
      spellcheck: false, oninput: () => this.explain(""),
    });
    this.problem = element("p", { class: "sign-in-problem", role: "alert", hidden: true });
    this.button = element("button", { type: "submit", class: "primary" }, text("sign-in.title"));
    this.root = element("form", {
      class: "card sign-in",
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        void this.submit();
      },
    },
    element("h1", { tabIndex: -1 }, text("sign-in.title")),
    element("p", { class: "hint" }, text("sign-in.text")),
    element("div", { class: "field" }, element("label", { for: "token" }, text("sign-in.token")), this.token),
    this.problem,
    this.button);
  }

  show() {
    this.explain("");
    this.token.focus();
  }

  async submit() {
    const token = this.token.value.trim();
    if (token === "") return this.token.focus();
    this.button.disabled = true;
    try {
      await signIn(token);
      this.token.value = "";
      this.onSignedIn();
    } catch (error) {
      this.explain(asProblem(error).message);
      this.token.select();
    } finally {
      this.button.disabled = false;
    }
  }

  /** @param {string} problem what is wrong; empty: nothing */
  explain(problem) {
    this.problem.textContent = problem;
    this.problem.hidden = problem === "";
    this.token.setAttribute("aria-invalid", String(problem !== ""));
  }
}
