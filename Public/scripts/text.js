import { english } from "./strings/english.js";

/** A template, or templates for one and for several; `{name}` is replaced by the value of that name. */
/** @typedef {string | {one: string, other: string}} Template */

/**
 * The strings of each language that there is. A second language is a file like `strings/english.js`, named here; what
 * it leaves out is shown in English.
 *
 * @type {Record<string, Record<string, Template>>}
 */
const languages = { en: english };

/** Languages that are written from right to left. */
const rightToLeft = ["ar", "fa", "he", "ur"];

const language = navigator.languages.map((tag) => tag.slice(0, 2)).find((tag) => tag in languages) ?? "en";
const plurals = new Intl.PluralRules(language);
document.documentElement.lang = language;
document.documentElement.dir = rightToLeft.includes(language) ? "rtl" : "ltr";

/**
 * The text of a name in the page's language.
 *
 * @param {string} name of the string, as in `strings/english.js`
 * @param {Record<string, string | number>} [values] what stands in braces; `count` chooses between one and several
 */
export function text(name, values = {}) {
  const template = languages[language][name] ?? english[name] ?? name;
  const chosen = typeof template === "string" ? template
    : plurals.select(Number(values.count)) === "one" ? template.one : template.other;
  return chosen.replace(/\{(\w+)\}/g, (whole, key) => key in values ? String(values[key]) : whole);
}
