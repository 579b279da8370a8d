/**
 * A choice that the user made earlier in this browser; null if there is none, or the browser forbids storage.
 *
 * @param {string} name
 */
export function remembered(name) {
  try {
    return localStorage.getItem(`reid.${name}`);
  } catch {
    return null;
  }
}

/**
 * Remembers a choice; if the browser forbids storage, it lasts only as long as the page.
 *
 * @param {string} name
 * @param {string} value
 */
export function remember(name, value) {
  try {
    localStorage.setItem(`reid.${name}`, value);
  } catch (error) {
    console.info(`${name} not kept:`, error);
  }
}
