// Additions for browsers that run scripts: drag and drop, a preview, several pictures one after another in a table.
// Every request goes where the plain form would go, and the result is cut out of the page that the server returns.
"use strict";

const form = document.querySelector("form.upload");
if (form) start();

function start() {
  const input = form.querySelector("input[type=file]");
  const drop = document.getElementById("drop");
  form.querySelector(".send").hidden = true; // choosing is enough
  form.querySelector(".or").hidden = false;
  input.addEventListener("change", () => input.files.length && classify([...input.files]));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.files.length) classify([...input.files]);
  });
  // Without these two a picture that misses the field would replace the page
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => event.preventDefault());
  let depth = 0; // entering a child element leaves its parent
  const highlight = (change) => {
    depth = Math.max(0, depth + change);
    drop.classList.toggle("over", depth > 0);
  };
  drop.addEventListener("dragenter", () => highlight(1));
  drop.addEventListener("dragleave", () => highlight(-1));
  drop.addEventListener("drop", (event) => {
    highlight(-Infinity);
    if (event.dataTransfer.files.length) classify([...event.dataTransfer.files]);
  });
  const examples = document.querySelector("form.examples");
  examples?.addEventListener("submit", (event) => {
    event.preventDefault();
    const data = new FormData();
    data.append(event.submitter.name, event.submitter.value);
    classifyOne(data, event.submitter.innerText.trim());
  });
}

let currentRun = 0; // a newer choice cancels an older one that still runs

function classify(files) {
  if (files.length > 1) return classifyMany(files);
  const [file] = files;
  if (tooLarge(file)) {
    currentRun += 1;
    return finish(problemSection(form.dataset.tooLarge));
  }
  return classifyOne(formData(file), file.name, files);
}

async function classifyOne(data, name, files = []) {
  const run = ++currentRun;
  setStatus(`Looking at ${name} …`);
  showResult(preview(files));
  const result = await request(data, run);
  if (run === currentRun) finish(result);
}

async function classifyMany(files) {
  const run = ++currentRun;
  showResult(preview(files));
  let body = null;
  for (const [index, file] of files.entries()) {
    setStatus(`Picture ${index + 1} of ${files.length} …`);
    const result = tooLarge(file) ? null : await request(formData(file, true), run);
    if (run !== currentRun) return;
    const row = result?.querySelector("tbody tr") ?? errorRow(file, result);
    if (body) body.append(row);
    else body = tableBody(row);
    document.getElementById("result").textContent = `${index + 1} of ${files.length} pictures`;
  }
  setStatus(`${files.length} pictures: done.`);
  document.getElementById("result").focus();
}

function formData(file, asTable = false) {
  const data = new FormData();
  data.append("picture", file);
  if (asTable) data.append("view", "table");
  return data;
}

function tooLarge(file) {
  return file.size > Number(form.dataset.mostBytes);
}

// The result element of the server's page; where the server is busy, repeats the request after its Retry-After
async function request(data, run) {
  for (let attempt = 0; ; attempt += 1) {
    let response;
    try {
      response = await fetch(form.action, { method: "POST", body: data });
    } catch {
      return problemSection(form.dataset.noAnswer);
    }
    const wait = Number(response.headers.get("Retry-After"));
    if (response.status !== 503 || !wait || attempt === 5 || run !== currentRun) {
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const result = page.getElementById("answer")?.firstElementChild;
      return result ?? problemSection(form.dataset.noAnswer);
    }
    setStatus(`The server is busy: trying again in ${wait} s …`);
    await new Promise((resolve) => setTimeout(resolve, 1000 * wait));
  }
}

function setStatus(text) {
  document.getElementById("status").textContent = text;
}

function showResult(...nodes) {
  document.getElementById("answer").replaceChildren(...nodes);
}

function finish(result) {
  showResult(result);
  const heading = result.querySelector("h2");
  setStatus("");
  heading?.focus();
}

function preview(files) {
  const list = document.createElement("ul");
  list.className = "preview";
  for (const file of files.slice(0, 24)) {
    const image = new Image();
    image.alt = file.name;
    image.src = URL.createObjectURL(file);
    image.onload = () => URL.revokeObjectURL(image.src);
    image.onerror = () => image.parentElement?.remove();
    const item = document.createElement("li");
    item.append(image);
    list.append(item);
  }
  return list;
}

function fromTemplate(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

function problemSection(text) {
  const section = fromTemplate("problem-template");
  section.querySelector("p").textContent = text;
  return section;
}

function tableBody(row) {
  const section = fromTemplate("table-template");
  const body = section.querySelector("tbody");
  body.replaceChildren(row);
  showResult(section);
  return body;
}

function errorRow(file, result) {
  const row = document.createElement("tr");
  const name = document.createElement("th");
  const reason = document.createElement("td");
  row.setAttribute("role", "row");
  name.setAttribute("role", "rowheader");
  reason.setAttribute("role", "cell");
  name.scope = "row";
  name.textContent = file.name;
  reason.colSpan = 2;
  reason.className = "wrong";
  reason.textContent = result ? result.querySelector("p").textContent : form.dataset.tooLarge;
  row.append(name, reason);
  return row;
}
