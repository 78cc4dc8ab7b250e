// How much? A slider beside the field, kept in step with what is typed. Only the field is sent, so
// without this script nothing is missing.
"use strict";

(() => {
  const STEPS = 200;

  // As the server reads it: commas and spaces between thousands only.
  function read(text) {
    const plain = text.trim();
    const known = /^(\d+|\d{1,3}(,\d{3})+|\d{1,3}( \d{3})+)(\.\d{1,2})?$/;
    return known.test(plain) ? Number(plain.replace(/[, ]/g, "")) : NaN;
  }

  // The whole amount that is free on the chosen account, or what the page says.
  function most(place, least) {
    const account = place.closest("form").elements.namedItem("account");
    const free = account?.selectedOptions?.[0]?.dataset.free || place.dataset.most;
    return Math.max(Math.floor(Number(free || least * 10)), least);
  }

  // A step somebody would choose: 1, 2, 5, 10, 20, 50 and so on.
  function stepOf(span) {
    const rough = Math.max(span / STEPS, 1);
    const power = 10 ** Math.floor(Math.log10(rough));
    return [1, 2, 5, 10].map((n) => n * power).find((step) => step >= rough);
  }

  function furnish(place) {
    if (place.dataset.furnished) return;
    place.dataset.furnished = "yes";
    const field = place.querySelector("input");
    const label = place.querySelector("label").textContent.trim();
    const slider = document.createElement("input");
    slider.type = "range";
    slider.className = "amount__slider";
    slider.id = `${field.id}-slider`;
    const name = document.createElement("label");
    name.className = "visually-hidden";
    name.htmlFor = slider.id;
    name.textContent = `${label}, as a slider`;

    const told = () => slider.setAttribute("aria-valuetext", `${slider.value} ${place.dataset.unit}`.trim());
    const follow = () => {
      const value = read(field.value);
      if (!Number.isNaN(value)) slider.value = String(value);
      told();
    };
    let nice = 1;
    const measure = () => {
      const least = Math.ceil(Number(place.dataset.least));
      const top = most(place, least);
      Object.assign(slider, { min: String(least), max: String(top), step: "1" });
      nice = stepOf(top - least);
      slider.value = String(least);
      follow();
    };

    // A thumb is coarse and gets round amounts; the arrow keys move by one.
    let dragged = false;
    slider.addEventListener("pointerdown", () => { dragged = true; });
    slider.addEventListener("keydown", () => { dragged = false; });
    slider.addEventListener("input", () => {
      const round = Math.round(slider.value / nice) * nice;
      if (dragged) slider.value = String(Math.min(Math.max(round, slider.min), slider.max));
      field.value = slider.value;
      told();
    });
    field.addEventListener("input", follow);
    place.closest("form").elements.namedItem("account")?.addEventListener("change", measure);
    measure();
    field.closest(".field__control").after(name, slider);
  }

  const furnishAll = () => document.querySelectorAll("[data-amount]").forEach(furnish);
  document.addEventListener("htmx:after:swap", furnishAll);
  furnishAll();
})();
