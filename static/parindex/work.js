// htmx at work: success is quiet (a saved time), failure is loud and says what to do; typed text stays.

const texts = document.getElementById("texts")?.dataset ?? {};
const toasts = document.getElementById("toasts");

const loginPath = texts.loginUrl ? new URL(texts.loginUrl, location.href).pathname : null;
const reachedLogin = (xhr) => {
  if (!loginPath || !xhr?.responseURL || location.pathname === loginPath) return false;
  return new URL(xhr.responseURL).pathname === loginPath;
};

// One loud message; the same one is not stacked
export const toast = (kind, title, body, actions = []) => {
  [...toasts.children].forEach((card) => { if (card.dataset.title === title) card.remove(); });
  const card = document.createElement("div");
  card.className = `toast-card ${kind}`;
  card.dataset.title = title;
  const head = document.createElement("strong");
  head.textContent = title;
  card.append(head);
  if (body) { const words = document.createElement("p"); words.textContent = body; card.append(words); }
  const row = document.createElement("div");
  row.className = "actions";
  for (const [label, act] of [...actions, [texts.close, () => {}]]) {
    const element = document.createElement(typeof act === "string" ? "a" : "button");
    element.textContent = label;
    element.className = "linkbtn";
    if (typeof act === "string") { element.href = act; element.target = "_blank"; element.rel = "noopener"; }
    else { element.type = "button"; element.addEventListener("click", () => { card.remove(); act(); }); }
    row.append(element);
  }
  card.append(row);
  toasts.append(card);
  return card;
};

const clock = () => new Intl.DateTimeFormat("vi-VN", { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: "Asia/Ho_Chi_Minh" }).format(new Date());
// The line of the form that saves itself; other forms of the same row (a citation, a request) have nothing to say there
const savedLine = (element) => {
  const form = element?.closest?.("form");
  if (form && !form.matches("[hx-trigger], [data-guard]")) return null;
  return element?.closest?.("[data-saves]")?.querySelector("[data-saved]") ?? null;
};
const say = (element, text, state = "") => {
  const line = savedLine(element);
  if (!line) return;
  line.textContent = text;
  line.className = `saved ${state}`;
};

// Once more, with what stands in the fields now
const retry = ({ elt, requestConfig }) => [texts.retry, () => window.htmx.ajax(requestConfig.verb, requestConfig.path, { source: elt })];
// data-quiet: a part that only looks ahead; what matters says itself when it fails
const failed = (element, title, body, actions = []) => {
  if (element?.matches?.("[data-quiet]")) return;
  say(element, texts.failed, "is-failed");
  toast("bad", title, body, actions);
};

// Saving, shown only when it takes longer than a blink
const timers = new WeakMap();
document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt } = event.detail;
  if (event.detail.requestConfig.verb === "get") return;
  timers.set(elt, setTimeout(() => say(elt, texts.saving, "is-saving"), 300));
});
document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, xhr, requestConfig } = event.detail;
  clearTimeout(timers.get(elt));
  if (requestConfig.verb === "get" || !elt.isConnected) return;
  if (event.detail.successful) {
    [...toasts.children].forEach((card) => card.classList.contains("bad") && card.remove());
    if (xhr.status === 204) say(elt, texts.saved.replace("{time}", clock()));
  }
});

// The session has ended: never swap the sign-in page into a sheet
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, elt } = event.detail;
  if (reachedLogin(xhr) || xhr.status === 401) {
    event.detail.shouldSwap = false;
    event.detail.isError = true; // so that nothing takes this answer for a save
    failed(elt, texts.sessionTitle, texts.sessionBody, [[texts.login, texts.loginUrl], retry(event.detail)]);
  }
});
document.addEventListener("htmx:responseError", (event) => {
  const { xhr, elt } = event.detail;
  if (xhr.status === 401 || reachedLogin(xhr)) return;
  if (xhr.status === 403) {
    // a stale token answers 403 too: the newest one is taken from the cookie, so once more is right
    const csrf = xhr.getResponseHeader("X-CSRF-Failure") || /csrf/i.test(xhr.responseText.slice(0, 4000));
    if (csrf) failed(elt, texts.sessionTitle, texts.sessionBody, [[texts.login, texts.loginUrl], retry(event.detail)]);
    else failed(elt, texts.forbiddenTitle, xhr.getResponseHeader("X-Refusal") ? decodeURIComponent(xhr.getResponseHeader("X-Refusal")) : texts.forbiddenBody);
  } else if (xhr.status === 404) failed(elt, texts.goneTitle, texts.goneBody);
  else failed(elt, texts.serverTitle, texts.serverBody, [retry(event.detail)]);
});
for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    if (event.detail.requestConfig.verb === "get" && event.detail.elt.matches?.("[hx-trigger*='every']")) return;
    failed(event.detail.elt, texts.networkTitle, texts.networkBody, [retry(event.detail)]);
  });
}

// What was typed before the scripts were there is saved as well
const isTyped = (field) => (/^(checkbox|radio)$/.test(field.type) ? field.checked !== field.defaultChecked : field.type !== "hidden" && "defaultValue" in field && field.value !== field.defaultValue);
window.addEventListener("load", () => {
  for (const form of document.querySelectorAll("[data-saves] form[hx-post][hx-trigger]")) {
    if ([...form.elements].some(isTyped)) form.dispatchEvent(new Event("change", { bubbles: true }));
  }
});

// A form that saves itself says "not saved yet" while something is typed
document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form?.closest("[data-saves]") && (form.hasAttribute("hx-post") || form.hasAttribute("hx-put"))) say(form, texts.unsaved);
});
