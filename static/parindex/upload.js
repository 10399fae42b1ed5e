// Several files at once, each with its own progress. Without this file the form sends them in one go.
//
// <form data-upload method=post enctype=multipart/form-data action=…  data-max-bytes=… data-max-text="50 MB">
//   <div class="drop"><input type=file name=file multiple></div>
//   <ul class="upload-list" data-upload-list></ul>
// </form>
// Each file is posted alone (same field name, with the form's other fields) with the header X-Upload: 1. The answer is
// JSON: 201 {"name", "url", "state"?: text, "html"?: row} or 4xx {"errors": ["…"], "asks"?: true} (opens
// <details data-upload-asks> with what is to be written first). When all are through, an
// uploads:done event bubbles from the form; with data-reload the page is loaded again.

const texts = document.getElementById("texts")?.dataset ?? {};
const cookie = (name) => document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
const sizeText = (bytes) => (bytes < 1048576 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1048576).toFixed(1).replace(".", document.documentElement.lang === "en" ? "." : ",")} MB`);
const AT_ONCE = 2;

const start = (form) => {
  const input = form.querySelector("input[type=file]");
  const list = form.querySelector("[data-upload-list]");
  const drop = form.querySelector(".drop");
  const waiting = [];
  let running = 0;
  let failures = 0;

  const line = (file) => {
    const item = document.createElement("li");
    const name = document.createElement("span");
    name.className = "name";
    name.textContent = file.name.normalize("NFC");
    const size = document.createElement("span");
    size.className = "faint";
    size.textContent = sizeText(file.size);
    const bar = document.createElement("progress");
    bar.className = "meter";
    bar.max = file.size || 1;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    const state = document.createElement("span");
    state.className = "state";
    state.setAttribute("role", "status");
    state.textContent = texts.uploadWaiting;
    item.append(name, size, bar, state);
    list.append(item);
    return { item, name, bar, state };
  };

  const end = (row, kind, text) => {
    row.item.classList.add(kind);
    row.state.textContent = text;
    row.bar.remove();
    if (kind === "is-failed") { failures += 1; row.state.setAttribute("role", "alert"); }
    running -= 1;
    next();
  };

  const send = (file, row) => {
    const limit = Number(form.dataset.maxBytes || 0);
    if (limit && file.size > limit) { end(row, "is-failed", texts.uploadTooBig.replace("{limit}", form.dataset.maxText || sizeText(limit))); return; }
    const data = new FormData();
    for (const [name, value] of new FormData(form)) if (name !== input.name) data.append(name, value);
    data.append(input.name, file, file.name.normalize("NFC"));
    const request = new XMLHttpRequest();
    request.open("POST", form.getAttribute("action") || location.href);
    request.setRequestHeader("X-Upload", "1");
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", cookie("csrftoken") || form.querySelector("[name=csrfmiddlewaretoken]")?.value || "");
    request.upload.addEventListener("progress", (event) => {
      row.bar.value = Math.min(event.loaded, file.size);
      const share = Math.min(100, Math.floor((event.loaded / (event.total || 1)) * 100));
      row.state.textContent = share < 100 ? `${share} %` : texts.uploadChecking;
    });
    request.addEventListener("load", () => {
      let answer = {};
      try { answer = JSON.parse(request.responseText); } catch { /* a page, not an answer: said below */ }
      if (answer.asks) form.querySelector("details[data-upload-asks]")?.setAttribute("open", "");
      const login = texts.loginUrl && request.responseURL && new URL(request.responseURL).pathname === new URL(texts.loginUrl, location.href).pathname;
      if (request.status >= 200 && request.status < 300 && !login && answer.name !== undefined) {
        if (answer.url) {
          const link = document.createElement("a");
          link.href = answer.url;
          link.textContent = answer.name;
          row.name.replaceChildren(link);
        }
        end(row, "is-done", answer.state || texts.uploadDone);
      } else if (login || request.status === 401 || request.status === 403) end(row, "is-failed", (answer.errors || [`${texts.sessionTitle}. ${texts.sessionBody}`]).join(" "));
      else end(row, "is-failed", (answer.errors || [texts.serverTitle]).join(" "));
    });
    for (const name of ["error", "abort", "timeout"]) request.addEventListener(name, () => end(row, "is-failed", texts.uploadFailed));
    request.send(data);
  };

  const next = () => {
    while (running < AT_ONCE && waiting.length) { running += 1; const [file, row] = waiting.shift(); send(file, row); }
    if (!running && !waiting.length && list.children.length) {
      form.dispatchEvent(new CustomEvent("uploads:done", { bubbles: true, detail: { failures } }));
      if (form.hasAttribute("data-reload") && !failures) location.reload();
    }
  };

  const take = (files) => { for (const file of files) waiting.push([file, line(file)]); next(); };

  const begin = (event) => {
    if (!input.files.length) return;
    event?.preventDefault();
    const files = [...input.files];
    input.value = "";
    take(files);
  };
  form.addEventListener("submit", begin);
  if (!form.hasAttribute("data-wait")) {
    input.addEventListener("change", begin);
    if (input.files.length) begin(); // chosen on a slow line, before this file had come
  }
  for (const name of ["dragenter", "dragover"]) drop?.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("is-over"); });
  for (const name of ["dragleave", "drop"]) drop?.addEventListener(name, () => drop.classList.remove("is-over"));
  drop?.addEventListener("drop", (event) => { event.preventDefault(); take([...event.dataTransfer.files]); });
  addEventListener("beforeunload", (event) => { if (running || waiting.length) event.preventDefault(); });
};

document.querySelectorAll("form[data-upload]").forEach(start);
document.addEventListener("htmx:load", (event) => { const scope = event.detail.elt; (scope.matches?.("form[data-upload]") ? [scope] : scope.querySelectorAll?.("form[data-upload]") ?? []).forEach((form) => { if (scope !== document.body) start(form); }); });
