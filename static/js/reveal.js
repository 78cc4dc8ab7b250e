// May I see the password I type? Without this script the field works as every password field does.
"use strict";

for (const control of document.querySelectorAll("[data-reveal]")) {
  const input = control.querySelector("input");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "field__reveal";
  button.setAttribute("aria-controls", input.id);

  const show = (visible) => {
    input.type = visible ? "text" : "password";
    button.textContent = visible ? "Hide" : "Show";
    button.setAttribute("aria-label", visible ? "Hide the password" : "Show the password");
    button.setAttribute("aria-pressed", String(visible));
  };

  button.addEventListener("click", () => {
    show(input.type === "password");
    input.focus();
  });
  // What is sent must be a password field, or the browser would offer to remember it as text.
  input.form.addEventListener("submit", () => show(false));
  show(false);
  control.append(button);
}
