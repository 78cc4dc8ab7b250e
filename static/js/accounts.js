// Copy buttons, and a page that notices by itself when a key was checked. Without this script
// people mark and copy, and follow the link that asks whether it is done.
"use strict";

for (const place of document.querySelectorAll("[data-copy]")) {
  const source = document.getElementById(place.dataset.copy);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  const say = (text) => {
    button.textContent = text;
    button.setAttribute("aria-label", `${text}: ${place.dataset.what}`);
  };
  button.addEventListener("click", async () => {
    try {
      // Line by line: a list's lines are indented in the page, and nobody wants that pasted.
      const lines = source.textContent.split("\n").map((line) => line.trim());
      await navigator.clipboard.writeText(lines.filter(Boolean).join("\n"));
      say("Copied");
    } catch {
      // Not every browser lets a page write there: mark it, so that one press copies it.
      getSelection().selectAllChildren(source);
      say("Marked");
    }
    setTimeout(say, 3000, "Copy");
  });
  say("Copy");
  place.append(button);
}

const EVERY_MS = 1500;
const checking = document.querySelector("[data-checking]");

async function look() {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const still = fresh.querySelector("[data-checking] [role=status]");
    if (!still) {
      location.reload();
      return;
    }
    const status = checking.querySelector("[role=status]");
    if (status.textContent !== still.textContent) {
      status.textContent = still.textContent;
    }
  } catch {
    // No network just now: the next look may have one.
  }
  setTimeout(look, EVERY_MS);
}

if (checking) {
  setTimeout(look, EVERY_MS);
}
document.getElementById("refused")?.focus();
