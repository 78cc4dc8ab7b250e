// How does a bot's page stay true? The stream swaps the card; when it brings news of an order or a
// decision, the chart and what is told below it are asked for anew. A page nobody looks at asks nothing.
"use strict";

(() => {
  const stream = document.getElementById("live");
  const NEWS = ["#feed-list", "#decision-list"];
  const PAUSE_MS = 400;
  let waiting = 0;
  let missed = false;

  function tell() {
    missed = document.hidden;
    if (missed) return;
    for (const id of ["story", "chart"]) {
      document.getElementById(id)?.dispatchEvent(new Event("nexus-news"));
    }
  }

  stream?.addEventListener("htmx:sse:before:message", (event) => {
    const { data } = event.detail.message;
    if (!data || !NEWS.some((place) => data.includes(place))) return;
    // One fill brings several messages: asked once, after the last of them.
    clearTimeout(waiting);
    waiting = setTimeout(tell, PAUSE_MS);
  });

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && missed) tell();
  });
})();
