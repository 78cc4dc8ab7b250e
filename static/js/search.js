// What if a search in place goes wrong, and where does somebody listening land after it? htmx swaps
// the results; this file asks again as a page when it could not, and puts the focus on the results.
"use strict";

(() => {
  // A refusal of what was typed is swapped like any answer; all else the page itself can say better.
  const MISTAKES = 422;

  function askAsPage(event) {
    const { request, response } = event.detail.ctx;
    if (response?.status !== MISTAKES) location.assign(request.action);
  }

  document.addEventListener("htmx:error", askAsPage);
  document.addEventListener("htmx:response:error", askAsPage);

  document.addEventListener("htmx:before:request", (event) => {
    event.detail.ctx.target.setAttribute("aria-busy", "true");
  });

  document.addEventListener("htmx:after:swap", () => {
    const wrong = document.querySelector("[aria-invalid]");
    (wrong ?? document.querySelector("[data-found]"))?.focus();
  });
})();
