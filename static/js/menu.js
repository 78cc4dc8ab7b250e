// Does the menu close as menus do? With Escape, and by a press beside it. Without this script it
// closes by its button.
"use strict";

(() => {
  const menu = document.querySelector("details.menu");
  if (!menu) return;

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
})();
