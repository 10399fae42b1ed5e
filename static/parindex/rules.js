// The rule page: the trial follows what is typed, rows come and go in place. Without this file every button posts the page.

import { toast } from "./work.js";

const texts = document.getElementById("texts")?.dataset ?? {};
const form = document.querySelector("form[data-rule]");
const PAUSE = 350;
let edits = 0;
let timer = 0;
let refused = "session"; // why the last answer was no part of the page

const send = async (address, data, part) => {
  const token = document.cookie.split("; ").find((pair) => pair.startsWith("csrftoken="))?.slice(10);
  if (token) data.set("csrfmiddlewaretoken", token); // a sign-in in another tab changes it
  const answer = await fetch(address, { method: "POST", body: data, headers: { "X-Part": part }, credentials: "same-origin" });
  refused = answer.status >= 500 ? "server" : "session";
  const isPart = !answer.redirected && (answer.ok || answer.status === 422);
  return isPart ? answer.text() : null;
};
const drawn = (html) => { const holder = document.createElement("template"); holder.innerHTML = html; return holder.content; };

// The trial: while somebody types into the inputs they stay as they are, unless others are asked for
const showTrial = (html) => {
  const box = document.getElementById("rule-try");
  const next = drawn(html);
  const now = box.querySelector("#try-inputs");
  const inputs = next.querySelector("#try-inputs");
  const held = document.activeElement;
  const typing = box.contains(held) && held.matches("input, select, textarea") ? { id: held.id, start: held.selectionStart, end: held.selectionEnd, value: held.value } : null;
  const same = now && inputs && now.dataset.signature === inputs.dataset.signature;
  if (same && now.contains(held)) inputs.replaceWith(now);
  box.replaceChildren(next);
  const state = document.getElementById("rule-state");
  if (state) state.textContent = state.dataset[box.querySelector("[data-stored]")?.dataset.stored] ?? "";
  if (!typing?.id) return;
  const again = document.getElementById(typing.id);
  if (!again) return;
  if (again !== held) again.value = typing.value;
  again.focus({ preventScroll: true });
  if (typing.start != null && again.setSelectionRange) { try { again.setSelectionRange(typing.start, typing.end); } catch { /* not a text */ } }
};
const tryOut = async () => {
  const asked = edits;
  try {
    const html = await send(form.dataset.tryUrl, new FormData(form), "try");
    if (html != null && asked === edits) showTrial(html);
  } catch { /* the next change tries again; saving says itself when the network is gone */ }
};
const later = () => { edits += 1; clearTimeout(timer); timer = setTimeout(tryOut, PAUSE); };

// Rows, kinds, a rule taken over: the form comes back changed, nothing is stored
const redraw = async (act) => {
  edits += 1;
  const asked = edits;
  const data = new FormData(form);
  data.set("act", act);
  const html = await send(form.action, data, "form");
  if (html == null) return false;
  if (asked !== edits) return true;
  document.getElementById("rule-form").replaceChildren(drawn(html));
  const chosen = Boolean(document.querySelector("input[name=r-kind]"));
  document.querySelector(".rule-page").classList.toggle("is-choosing", !chosen);
  document.getElementById("rule-try").hidden = !chosen;
  form.elements.revision.dispatchEvent(new Event("input", { bubbles: true })); // what is unsaved is guarded; the trial follows
  return true;
};
const focusAfter = (act, id) => {
  const there = document.querySelector("#rule-form [autofocus]");
  const list = /^(?:add|drop|up|down):(.+?)(?:-\d+)?$/.exec(act)?.[1];
  const own = document.querySelector(`#rule-form button[value="${CSS.escape(act)}"]`);
  const add = list && document.querySelector(`#rule-form button[value="${CSS.escape(`add:${list}`)}"]`);
  const first = act.startsWith("choose:") || act === "copy" ? document.querySelector("#rule-form .rule-card :is(input:not([type=hidden]), select, textarea)") : null;
  ((id && document.getElementById(id)) || there || first || own || add)?.focus();
};
const part = async (act, id = "") => {
  try {
    if (await redraw(act)) focusAfter(act, id);
    else toast("bad", texts[`${refused}Title`], texts[`${refused}Body`], [[texts.login, texts.loginUrl], [texts.retry, () => part(act, id)]]);
  } catch {
    toast("bad", texts.networkTitle, texts.networkBody, [[texts.retry, () => part(act, id)]]);
  }
};

if (form) {
  form.addEventListener("click", (event) => {
    const button = event.target.closest?.("button[data-part]");
    if (!button || button.disabled) return;
    event.preventDefault();
    part(button.value);
  });
  form.addEventListener("change", (event) => {
    if (event.target.matches("[data-reshapes]")) part("kind:r", event.target.id);
    else later();
  });
  form.addEventListener("input", (event) => { if (event.target !== form && !event.isComposing && !event.target.matches("[data-reshapes], [name=copy_from]")) later(); });
  // Enter in a field tries the rule out; it never removes a row or saves by accident
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || event.ctrlKey || event.metaKey || !event.target.matches("input")) return;
    event.preventDefault();
    clearTimeout(timer);
    edits += 1;
    tryOut();
  });
}
