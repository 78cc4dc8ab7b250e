// How does the page stay alive? htmx swaps what the stream brings; this file does the rest:
// it says whether we are connected, lets nothing appear twice, and keeps the lists short.
"use strict";

(() => {
  const stream = document.getElementById("live");
  if (!stream) return;

  // Every tick sends each market, so a longer silence means the line is dead though it looks open:
  // phones keep such connections for minutes after a change of network.
  const SILENCE_MS = 60_000;
  const RETRY_MS = 3_000;
  // The server ends every stream after some minutes; the next is there before anybody need know.
  const PATIENCE_MS = 2_000;

  let connection = null;
  let heardAt = performance.now();
  let signedOut = false;
  let patience = 0;

  function show(state) {
    const element = document.getElementById("connection");
    if (element && element.dataset.state !== state) element.dataset.state = state;
    document.body.toggleAttribute("data-lost", state === "lost" || state === "signed-out");
  }

  function tryAgainSoon() {
    const delay = RETRY_MS * (0.7 + 0.6 * Math.random());
    setTimeout(() => stream.dispatchEvent(new Event("nexus-connect")), delay);
  }

  show("connecting");

  stream.addEventListener("htmx:sse:after:connection", (event) => {
    connection = event.detail.connection;
    heardAt = performance.now();
    clearTimeout(patience);
    show("live");
  });

  stream.addEventListener("htmx:sse:before:connection", (event) => {
    if (event.detail.connection.attempt === 0) return;
    clearTimeout(patience);
    patience = setTimeout(() => show("lost"), PATIENCE_MS);
  });

  stream.addEventListener("htmx:sse:before:message", () => {
    heardAt = performance.now();
  });

  stream.addEventListener("htmx:sse:error", (event) => {
    clearTimeout(patience);
    if (event.detail.status === 401) {
      // The session has ended; asking again would only be refused again.
      signedOut = true;
      event.detail.connection.config.reconnect = false;
      show("signed-out");
    } else {
      show("lost");
    }
  });

  // The extension reconnects a stream that was open once. One that never opened is ours to retry.
  stream.addEventListener("htmx:finally:request", (event) => {
    const response = event.detail.ctx.response;
    if (response?.headers.get("Content-Type")?.includes("text/event-stream") || signedOut) return;
    if (response?.status === 401) {
      signedOut = true;
      show("signed-out");
    } else {
      show("lost");
      tryAgainSoon();
    }
  });

  setInterval(() => {
    const silent = performance.now() - heardAt > SILENCE_MS;
    if (silent && !document.hidden && connection?.reader) {
      heardAt = performance.now();
      show("lost");
      connection.reader.cancel();
    }
  }, 5_000);

  // An item that is already on the page is morphed in place: after a reconnect the server may
  // send again what we have, and a decision comes back each time more bots have followed it.
  stream.addEventListener("htmx:before:swap", (event) => {
    for (const task of event.detail.tasks) {
      const item = task.fragment.firstElementChild;
      const present = item?.id && document.getElementById(item.id);
      if (task.swapSpec.style === "afterbegin" && present) {
        task.target = present;
        task.swapSpec = { style: "outerMorph" };
      }
    }
  });

  stream.addEventListener("htmx:after:swap", () => {
    for (const list of document.querySelectorAll("[data-limit]")) {
      const items = list.querySelectorAll(":scope > [id]");
      for (const item of [...items].slice(Number(list.dataset.limit))) item.remove();
    }
  });

  // A button that was pressed is gone with its answer: whoever uses the keyboard goes on with what
  // took its place, instead of beginning the page anew.
  let pressedIn = null;
  document.addEventListener("htmx:before:request", (event) => {
    const card = event.target.closest?.(".bot");
    if (card?.contains(document.activeElement)) pressedIn = card.id;
  });
  document.addEventListener("htmx:after:swap", () => {
    const button = pressedIn && document.getElementById(pressedIn)?.querySelector("button:enabled");
    if (!button || document.activeElement !== document.body) return;
    button.focus({ preventScroll: true });
    pressedIn = null;
  });

  // A button whose answer was an error, or never came: say so instead of doing nothing.
  const notice = document.getElementById("notice");
  const whenNotStream = (then) => (event) => event.target === stream || then();
  const tell = whenNotStream(() => { notice.hidden = false; });
  document.addEventListener("htmx:error", tell);
  document.addEventListener("htmx:response:error", tell);
  document.addEventListener("htmx:before:request", whenNotStream(() => { notice.hidden = true; }));
})();
