// A classic script in the head, so that the chosen theme is set before the page is painted.
"use strict";

(() => {
  /** The theme that the user chose earlier; if the browser forbids storage, the system decides. */
  function storedTheme() {
    try {
      return localStorage.getItem("reid.theme");
    } catch {
      return null;
    }
  }

  const theme = storedTheme();
  if (theme === "light" || theme === "dark" || theme === "contrast") document.documentElement.dataset.theme = theme;
})();
