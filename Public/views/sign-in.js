import { asProblem, signIn } from "../scripts/api.js";
import { element } from "../scripts/dom.js";

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
    this.button = element("button", { type: "submit", class: "primary" }, "Sign in");
    this.root = element("form", {
      class: "card sign-in",
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        void this.submit();
      },
    },
    element("h1", { tabIndex: -1 }, "Sign in"),
    element("p", { class: "hint" }, "This service asks for a token. Whoever runs it makes one with “reid tokens create”."),
    element("div", { class: "field" }, element("label", { for: "token" }, "Token"), this.token),
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

  /** @param {string} text what is wrong; empty: nothing */
  explain(text) {
    this.problem.textContent = text;
    this.problem.hidden = text === "";
    this.token.setAttribute("aria-invalid", String(text !== ""));
  }
}
