// The sheet: marks wrong fields for assistive technology, closes parts that were opened in a row.

const slotsIn = (scope) => (scope.matches?.(".field-slot") ? [scope] : [...(scope.querySelectorAll?.(".field-slot") ?? [])]);
const follow = (slot) => {
  const wrong = slot.textContent.trim() !== "";
  document.querySelectorAll(`[aria-describedby~="${CSS.escape(slot.id)}"]`).forEach((field) => {
    if (wrong) field.setAttribute("aria-invalid", "true"); else field.removeAttribute("aria-invalid");
  });
};
slotsIn(document).forEach(follow);
document.addEventListener("htmx:oobAfterSwap", (event) => slotsIn(event.detail.target).forEach(follow));
document.addEventListener("htmx:oobAfterSwap", (event) => { const slot = document.getElementById(event.detail.target.id); if (slot) slotsIn(slot).forEach(follow); });
document.addEventListener("htmx:load", (event) => slotsIn(event.detail.elt).forEach(follow));

document.addEventListener("click", (event) => {
  const part = event.target.closest?.("[data-close-part]")?.closest(".picker");
  if (!part) return;
  const row = part.closest("[data-saves]");
  part.replaceChildren();
  row?.querySelector(".leaf-tools a")?.focus();
});

// A list or a form that was opened in a row takes the focus
document.addEventListener("htmx:afterSwap", (event) => {
  if (!event.detail.target?.matches?.(".picker")) return;
  event.detail.target.querySelector("input:not([type=hidden]), button")?.focus();
});
