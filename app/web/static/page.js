// What the page adds for browsers that run scripts: dropping, a preview, several pictures one after another in a table.
// Every request goes where the plain form would go, and what is shown is cut out of the page that the server answers.
"use strict";

const form = document.querySelector("form.upload");
if (form) start();

function start() {
  const input = form.querySelector("input[type=file]");
  const drop = document.getElementById("drop");
  form.querySelector(".send").hidden = true; // choosing is enough
  form.querySelector(".or").hidden = false;
  input.addEventListener("change", () => input.files.length && look([...input.files]));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.files.length) look([...input.files]);
  });
  // Without these two a picture that misses the field would replace the page
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => event.preventDefault());
  let depth = 0; // entering a child element leaves its parent
  const mark = (change) => {
    depth = Math.max(0, depth + change);
    drop.classList.toggle("over", depth > 0);
  };
  drop.addEventListener("dragenter", () => mark(1));
  drop.addEventListener("dragleave", () => mark(-1));
  drop.addEventListener("drop", (event) => {
    mark(-Infinity);
    if (event.dataTransfer.files.length) look([...event.dataTransfer.files]);
  });
  const examples = document.querySelector("form.examples");
  examples?.addEventListener("submit", (event) => {
    event.preventDefault();
    const data = new FormData();
    data.append(event.submitter.name, event.submitter.value);
    lookAtOne(data, event.submitter.innerText.trim());
  });
}

let current = 0; // a newer choice ends what an older one still shows

function look(files) {
  if (files.length > 1) return lookAtMany(files);
  const [file] = files;
  if (tooLarge(file)) {
    current += 1;
    return finish(problem(form.dataset.tooLarge));
  }
  return lookAtOne(dataOf(file), file.name, files);
}

async function lookAtOne(data, name, files = []) {
  const run = ++current;
  say(`Looking at ${name} …`);
  answer(preview(files));
  const found = await ask(data, run);
  if (run === current) finish(found);
}

async function lookAtMany(files) {
  const run = ++current;
  answer(preview(files));
  let body = null;
  for (const [index, file] of files.entries()) {
    say(`Picture ${index + 1} of ${files.length} …`);
    const found = tooLarge(file) ? null : await ask(dataOf(file, true), run);
    if (run !== current) return;
    const row = found?.querySelector("tbody tr") ?? wrong(file, found);
    if (body) body.append(row);
    else body = table(row);
    document.getElementById("result").textContent = `${index + 1} of ${files.length} pictures`;
  }
  say(`${files.length} pictures: done.`);
  document.getElementById("result").focus();
}

function dataOf(file, asTable = false) {
  const data = new FormData();
  data.append("picture", file);
  if (asTable) data.append("view", "table");
  return data;
}

function tooLarge(file) {
  return file.size > Number(form.dataset.mostBytes);
}

// The part of the server's page that holds the answer; where all its places are taken, asked again when it says so
async function ask(data, run) {
  for (let attempt = 0; ; attempt += 1) {
    let response;
    try {
      response = await fetch(form.action, { method: "POST", body: data });
    } catch {
      return problem(form.dataset.noAnswer);
    }
    const wait = Number(response.headers.get("Retry-After"));
    if (response.status !== 503 || !wait || attempt === 5 || run !== current) {
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const found = page.getElementById("answer")?.firstElementChild;
      return found ?? problem(form.dataset.noAnswer);
    }
    say(`The server is busy: trying again in ${wait} s …`);
    await new Promise((resolve) => setTimeout(resolve, 1000 * wait));
  }
}

function say(text) {
  document.getElementById("status").textContent = text;
}

function answer(...nodes) {
  document.getElementById("answer").replaceChildren(...nodes);
}

function finish(found) {
  answer(found);
  const heading = found.querySelector("h2");
  say("");
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

function problem(text) {
  const section = fromTemplate("problem-template");
  section.querySelector("p").textContent = text;
  return section;
}

function table(row) {
  const section = fromTemplate("table-template");
  const body = section.querySelector("tbody");
  body.replaceChildren(row);
  answer(section);
  return body;
}

function wrong(file, found) {
  const row = document.createElement("tr");
  const name = document.createElement("th");
  const why = document.createElement("td");
  row.setAttribute("role", "row");
  name.setAttribute("role", "rowheader");
  why.setAttribute("role", "cell");
  name.scope = "row";
  name.textContent = file.name;
  why.colSpan = 2;
  why.className = "wrong";
  why.textContent = found ? found.querySelector("p").textContent : form.dataset.tooLarge;
  row.append(name, why);
  return row;
}
