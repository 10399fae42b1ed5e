// The frame's behaviour: theme, menus, fresh CSRF tokens, focus on errors, unsaved work, tables, shortcuts.
// Pages work without this file. Every word shown comes from <template id="texts"> or data- attributes.

const root = document.documentElement;
root.classList.add("js");

const texts = document.getElementById("texts")?.dataset ?? {};
const cookie = (name) => document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";

// Theme: at once, and remembered in the cookie that the server reads
document.querySelectorAll("[data-theme-form]").forEach((form) => {
  form.addEventListener("submit", (event) => {
    const theme = event.submitter?.value;
    if (!theme) return;
    event.preventDefault();
    const secure = location.protocol === "https:" ? ";secure" : "";
    document.cookie = `theme=${theme};path=/;max-age=31536000;samesite=lax${secure}`;
    if (theme === "auto") delete root.dataset.bsTheme; else root.dataset.bsTheme = theme;
    form.querySelectorAll("button").forEach((button) => button.setAttribute("aria-pressed", String(button.value === theme)));
  });
});

// Menus close on Escape and on a click elsewhere
document.addEventListener("click", (event) => {
  document.querySelectorAll("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
});

// A sign-in in another tab changes the token: forms are sent with the newest one
document.addEventListener("submit", (event) => {
  const field = event.target.querySelector?.("input[name=csrfmiddlewaretoken]");
  const token = cookie("csrftoken");
  if (field && token) field.value = token;
}, true);
document.addEventListener("htmx:configRequest", (event) => {
  const token = cookie("csrftoken");
  if (!token || event.detail.verb === "get") return;
  event.detail.headers["X-CSRFToken"] = token;
  if (event.detail.parameters.csrfmiddlewaretoken) event.detail.parameters.csrfmiddlewaretoken = token;  // it goes before the header
});

// A form that must not be sent twice
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches?.("form[data-once]") || event.defaultPrevented) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  setTimeout(() => form.querySelectorAll("button[type=submit]").forEach((button) => { button.disabled = true; }));
});
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  document.querySelectorAll("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    form.querySelectorAll("button[type=submit]").forEach((button) => { button.disabled = false; });
  });
});

// Selects and checkboxes of a filter form act at once; its button stays for those without script
document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (form?.matches("[data-autosubmit]") && event.target.matches("select, input[type=checkbox], input[type=radio]")) form.requestSubmit();
});

// The error summary takes the focus, on a page and in a part that htmx brought
const focusSummary = (scope) => scope.querySelector?.("[data-focus]")?.focus({ preventScroll: scope !== document });
focusSummary(document);
document.addEventListener("htmx:afterSwap", (event) => focusSummary(event.detail.elt));

// Leaving with unsaved text: form[data-guard] asks the browser to ask
const dirty = new Set();
// A request of the form itself that saved; a preview did not, nor did an answer that says X-Kept
const hasSaved = ({ detail: { requestConfig, successful, xhr } }) =>
  successful && requestConfig.verb !== "get" && xhr.status < 300 && !xhr.getResponseHeader("X-Kept");
document.addEventListener("input", (event) => { const form = event.target.form; if (form?.matches("[data-guard]")) dirty.add(form); });
document.addEventListener("submit", (event) => { if (!event.target.hasAttribute("hx-post")) dirty.delete(event.target); });
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt.closest?.("form[data-guard]");
  if (form && hasSaved(event)) dirty.delete(form);
});
addEventListener("beforeunload", (event) => {
  for (const form of dirty) if (form.isConnected) { event.preventDefault(); return; }
});

// form[data-keep="key"]: text survives a lost session or a crash in this tab; put back only when asked
const KEEP = "kept:";
const valuesOf = (form) => {
  const values = {};
  for (const field of form.elements) {
    if (!field.name || field.type === "hidden" || field.type === "password" || field.type === "file" || field.tagName === "BUTTON") continue;
    if (field.type === "radio" || field.type === "checkbox") { if (field.checked) (values[field.name] ??= []).push(field.value); }
    else values[field.name] = field.value;
  }
  return values;
};
const putBack = (form, values) => {
  for (const field of form.elements) {
    if (!(field.name in values)) continue;
    if (field.type === "radio" || field.type === "checkbox") field.checked = values[field.name].includes(field.value);
    else if (field.type !== "hidden") field.value = values[field.name];
  }
  form.dispatchEvent(new Event("input", { bubbles: true }));
};
const store = { get: (key) => { try { return sessionStorage.getItem(KEEP + key); } catch { return null; } }, set: (key, value) => { try { sessionStorage.setItem(KEEP + key, value); } catch { /* full or switched off */ } }, drop: (key) => { try { sessionStorage.removeItem(KEEP + key); } catch { /* as above */ } } };
document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form?.dataset.keep) store.set(form.dataset.keep, JSON.stringify(valuesOf(form)));
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt.closest?.("form[data-keep]");
  if (form && hasSaved(event)) store.drop(form.dataset.keep);
});
const offerKept = (scope) => scope.querySelectorAll?.("form[data-keep]").forEach((form) => {
  const kept = store.get(form.dataset.keep);
  if (!kept || form.querySelector(".kept")) return;
  if (kept === JSON.stringify(valuesOf(form))) { store.drop(form.dataset.keep); return; }
  const note = document.createElement("div");
  note.className = "note warn small kept no-print";
  const words = document.createElement("span");
  words.textContent = `${texts.keptTitle}. `;
  const button = (label, act) => {
    const element = document.createElement("button");
    element.type = "button"; element.className = "linkbtn"; element.textContent = label;
    element.addEventListener("click", () => { act(); note.remove(); });
    return element;
  };
  note.append(words, button(texts.keptRestore, () => putBack(form, JSON.parse(kept))), " · ", button(texts.keptDiscard, () => store.drop(form.dataset.keep)));
  form.prepend(note);
});
offerKept(document);
document.addEventListener("htmx:load", (event) => { if (event.detail.elt !== document.body) offerKept(event.detail.elt); });

// Tables: what a narrow screen drops (.wide) is one tap away
const narrow = matchMedia("(max-width: 720px)");
const addToggles = (table) => {
  if (table.dataset.toggled) return;
  table.dataset.toggled = "yes";
  const heads = [...table.querySelectorAll("thead tr:last-child > *")];
  for (const row of table.tBodies[0]?.rows ?? []) {
    const dropped = [...row.cells].filter((cell) => cell.classList.contains("wide") && cell.textContent.trim());
    if (!dropped.length || row.querySelector(".row-more")) continue;
    const host = row.querySelector("th[scope=row]") ?? row.cells[0];
    const toggle = document.createElement("button");
    toggle.type = "button"; toggle.className = "more-toggle only-narrow no-print"; toggle.textContent = texts.more ?? "…";
    toggle.setAttribute("aria-expanded", "false");
    toggle.setAttribute("aria-label", `${texts.more}: ${host.textContent.trim().slice(0, 80)}`);
    toggle.addEventListener("click", () => {
      const open = row.nextElementSibling?.classList.contains("more-row") ? row.nextElementSibling : null;
      toggle.setAttribute("aria-expanded", String(!open));
      if (open) { open.remove(); return; }
      const details = table.tBodies[0].insertRow(row.sectionRowIndex + 1);
      details.className = "more-row";
      const cell = details.insertCell();
      cell.colSpan = heads.length;
      const list = document.createElement("dl");
      list.className = "facts";
      for (const source of dropped) {
        const name = document.createElement("dt");
        name.textContent = source.dataset.label ?? heads[source.cellIndex]?.textContent.replace(/[▲▼↕]/g, "").trim() ?? "";
        const value = document.createElement("dd");
        value.append(...[...source.cloneNode(true).childNodes]);
        list.append(name, value);
      }
      cell.append(list);
    });
    host.append(" ", toggle);
  }
};
const watchTables = (scope) => { if (narrow.matches) scope.querySelectorAll?.("table.data:not([data-complete])").forEach(addToggles); };
watchTables(document);
narrow.addEventListener("change", () => { watchTables(document); if (!narrow.matches) document.querySelectorAll("tr.more-row").forEach((row) => row.remove()); });
document.addEventListener("htmx:load", (event) => watchTables(event.detail.elt));

// All rows of a table at once: <input type=checkbox data-pick-all="ids">
document.addEventListener("change", (event) => {
  const all = event.target;
  if (!all.matches?.("[data-pick-all]")) return;
  all.closest("table").querySelectorAll(`input[type=checkbox][name="${CSS.escape(all.dataset.pickAll)}"]:not(:disabled)`).forEach((box) => { box.checked = all.checked; });
});

// Keyboard: data-shortcut="ctrl+enter", "j", "alt+s" presses that button or follows that link
document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.repeat) return;
  const typing = event.target.matches?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
  if (typing && !event.ctrlKey && !event.metaKey && !event.altKey) return;
  const pressed = `${event.ctrlKey || event.metaKey ? "ctrl+" : ""}${event.altKey ? "alt+" : ""}${event.key.toLowerCase()}`;
  const target = [...document.querySelectorAll("[data-shortcut]")].find((element) => element.dataset.shortcut.toLowerCase() === pressed && element.getClientRects().length);
  if (target) { event.preventDefault(); target.click(); }
});

// Ready-made sentences: <button type=button data-insert="text" data-into="#id">
document.addEventListener("click", (event) => {
  const source = event.target.closest?.("[data-insert]");
  const field = source && document.querySelector(source.dataset.into);
  if (!field) return;
  event.preventDefault();
  const before = field.value.trimEnd();
  field.value = before ? `${before} ${source.dataset.insert}` : source.dataset.insert;
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
});

// Print and copy buttons are useless without script: they are hidden until it runs
document.querySelectorAll("[data-print]").forEach((button) => { button.hidden = false; button.addEventListener("click", () => print()); });
document.querySelectorAll("dialog + [data-open], [data-open]").forEach((button) => button.addEventListener("click", () => document.getElementById(button.dataset.open)?.showModal()));
