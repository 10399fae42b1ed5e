// The editor of a draft set: sums follow while typing, Alt with an arrow key or the mouse moves a criterion.
// Where a node stands is the server's word: it answers a step with the order of the whole tree, and the rows
// are put in that order, so that what was typed and not saved stays in its field.

const form = document.querySelector("[data-editor]");
const body = form?.querySelector("tbody");
const says = form?.querySelector("[data-says]");

const rows = () => [...body.rows];
const level = (row) => Number(row.dataset.level);
const field = (row, name) => row.querySelector(`[name="${name}-${row.dataset.id}"]`);
const rowOf = (element) => element?.closest?.("tr[data-id]");

// Points are exact: whole millionths, no floating point
const UNIT = 1000000n;
const read = (text) => {
  const plain = text.replace(/[\s\u00a0\u202f]/g, "").replace(",", ".");
  const found = /^(\d{0,6})(?:\.(\d{0,6}))?$/.exec(plain);
  if (!found || !(found[1] || found[2])) return null;
  return BigInt(found[1] || "0") * UNIT + BigInt((found[2] ?? "").padEnd(6, "0"));
};
const mark = document.documentElement.lang.startsWith("en") ? "." : ",";
const show = (value) => {
  const size = value < 0n ? -value : value;
  const rest = String(size % UNIT).padStart(6, "0").replace(/0+$/, "");
  return `${size / UNIT}${rest ? mark + rest : ""}`;
};
const fill = (pattern, value) => pattern.replace("{n}", show(value));
const least = (a, b) => (b === null || a < b ? a : b);
const text = (tag, className, words) => { const made = document.createElement(tag); made.className = className; made.textContent = words; return made; };

const difference = (missing) => fill(missing > 0n ? form.dataset.short : form.dataset.over, missing);

const sumUp = () => {
  const all = rows();
  const above = []; // the nodes that the row at hand lies in: {row, parts, broken}
  let whole = 0n, broken = false;
  const close = (node) => {
    const cell = node.row.querySelector("[data-sum]");
    node.row.classList.toggle("is-group", node.parts !== null);
    if (node.parts === null) { cell.replaceChildren(); return; }
    if (node.broken) { cell.replaceChildren(text("span", "off", form.dataset.unreadable)); return; }
    const counted = least(node.parts, node.cap);
    const words = show(node.parts) + (counted === node.parts ? "" : ` ${fill(form.dataset.cap, node.cap)}`);
    if (node.points === null || counted === node.points) { cell.replaceChildren(text("span", "ok", `= ${words}`)); return; }
    const off = text("span", "off", `${words} `);
    off.append(text("b", "", difference(node.points - counted)));
    cell.replaceChildren(off);
  };
  for (const row of all) {
    while (above.length && level(above.at(-1).row) >= level(row)) close(above.pop());
    const points = read(field(row, "max_points").value);
    const cap = row.dataset.cap === undefined ? null : read(row.dataset.cap);
    const parent = above.at(-1);
    const worth = points === null ? 0n : least(points, cap);
    if (parent) { parent.parts = (parent.parts ?? 0n) + worth; parent.broken ||= points === null; }
    else if (!row.dataset.role) { whole += worth; broken ||= points === null; }
    above.push({ row, points, cap, parts: null, broken: false });
  }
  while (above.length) close(above.pop());
  const figure = form.querySelector("[data-whole]");
  const total = read(figure.dataset.total);
  const sign = form.querySelector("[data-whole-sign]");
  figure.textContent = show(whole);
  sign.className = whole === total && !broken ? "ok" : "off";
  if (broken) sign.textContent = form.dataset.unreadable;
  else if (whole === total) sign.textContent = form.querySelector("[data-ok]").textContent;
  else sign.replaceChildren(text("b", "", difference(total - whole)));
};

const tell = (words, bad = false) => { says.textContent = words; says.classList.toggle("is-bad", bad); };

// The rows in the server's order. Fields keep what was typed, the focus stays where it was.
const arrange = (order) => {
  const known = new Map(rows().map((row) => [Number(row.dataset.id), row]));
  if (order.length !== known.size || order.some(([id]) => !known.has(id))) return false;
  const focused = document.activeElement;
  for (const [id, depth] of order) {
    const row = known.get(id);
    row.classList.replace(`lv${row.dataset.level}`, `lv${depth}`);
    row.dataset.level = depth;
  }
  body.append(...order.map(([id]) => known.get(id)));
  if (focused && focused !== document.activeElement) focused.focus({ preventScroll: true });
  sumUp();
  return true;
};

let waiting = Promise.resolve();
const step = (row, act, target = "") => {
  waiting = waiting.then(async () => {
    const data = new URLSearchParams({ act, node: row.dataset.id, target, revision: form.elements.revision.value, csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value });
    let answer, status;
    try {
      const response = await fetch(location.pathname, { method: "POST", body: data, headers: { Accept: "application/json" } });
      status = response.status;
      answer = await response.json();
    } catch { tell(form.dataset.failed, true); return; }
    if (answer.error || !answer.order) { tell(answer.error ?? form.dataset.failed, true); return; }
    if (!arrange(answer.order)) { tell(form.dataset.failed, true); return; }
    form.elements.revision.value = answer.revision;
    tell(answer.says);
    row.scrollIntoView({ block: "nearest" });
  });
  return waiting;
};

const KEYS = { ArrowUp: "up", ArrowDown: "down", ArrowLeft: "out", ArrowRight: "in" };
const onKey = (event) => {
  const row = rowOf(event.target);
  if (!row || event.isComposing) return;
  if (event.altKey && !event.ctrlKey && !event.metaKey && KEYS[event.key]) {
    event.preventDefault();
    step(row, KEYS[event.key]);
    return;
  }
  // Enter goes to the same field of the next row; a title is one line, however it wraps
  if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && !event.altKey && event.target.matches(".form-control")) {
    event.preventDefault();
    const next = event.shiftKey ? row.previousElementSibling : row.nextElementSibling;
    const name = event.target.name.split("-")[0];
    if (next) { const to = field(next, name); to.focus(); to.select(); }
  }
};

// Drag by the handle: the upper third of a row means before it, the lower third behind it, between: into it
let dragged = null;
const clear = () => body.querySelectorAll(".drop-before, .drop-after, .drop-into").forEach((row) => row.classList.remove("drop-before", "drop-after", "drop-into"));
const partOf = (row, other) => {
  for (let next = row.nextElementSibling; next && level(next) > level(row); next = next.nextElementSibling) if (next === other) return true;
  return row === other;
};
const wayOver = (row, y) => {
  const box = row.getBoundingClientRect();
  const share = (y - box.top) / box.height;
  if (row.dataset.leaf !== undefined) return share < 0.5 ? "before" : "after";
  return share < 0.3 ? "before" : share > 0.7 ? "after" : "into";
};
const onDrag = {
  dragstart(event) {
    dragged = event.target.matches?.(".grip") ? rowOf(event.target) : null;
    if (!dragged) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.id);
    event.dataTransfer.setDragImage(dragged, 0, 0);
    dragged.classList.add("is-dragged");
  },
  dragover(event) {
    const row = rowOf(event.target);
    if (!dragged || !row) return;
    clear();
    if (partOf(dragged, row)) return;
    event.preventDefault();
    row.classList.add(`drop-${wayOver(row, event.clientY)}`);
  },
  drop(event) {
    const row = rowOf(event.target);
    if (!dragged || !row || partOf(dragged, row)) return;
    event.preventDefault();
    step(dragged, wayOver(row, event.clientY), row.dataset.id);
  },
  dragend() { dragged?.classList.remove("is-dragged"); dragged = null; clear(); },
};

if (body) {
  form.addEventListener("input", (event) => {
    const control = event.target;
    if (!control.matches(".form-control")) return;
    control.classList.toggle("is-changed", control.value !== control.defaultValue);
    if (control.name.startsWith("max_points-")) sumUp();
  });
  body.addEventListener("focusin", (event) => { const row = rowOf(event.target); if (row) row.querySelector("[name=node]").checked = true; });
  body.addEventListener("keydown", onKey);
  for (const [name, act] of Object.entries(onDrag)) body.addEventListener(name, act);
  // The four steps without leaving the page; everything else is sent with the form
  form.addEventListener("submit", (event) => {
    const act = event.submitter?.value;
    const row = rowOf(form.querySelector("[name=node]:checked"));
    if (!row || !Object.values(KEYS).includes(act)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    step(row, act);
  }, true);
  // Only what was changed is sent
  form.addEventListener("formdata", (event) => {
    for (const control of form.querySelectorAll(".editor-tree .form-control")) {
      if (control.value === control.defaultValue && control.dataset.typed === undefined) event.formData.delete(control.name);
    }
  });
  const fresh = form.querySelector("[data-fresh]");
  if (fresh) addEventListener("load", () => { fresh.focus(); fresh.select(); });
  sumUp();
}
