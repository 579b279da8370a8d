// A classic script in the head, so that the chosen theme is there before the first paint.
"use strict";

(() => {
  /** What the reader chose earlier; storage may be forbidden, then the system decides. */
  function storedTheme() {
    try {
      return localStorage.getItem("reid.theme");
    } catch {
      return null;
    }
  }

  const theme = storedTheme();
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
})();
