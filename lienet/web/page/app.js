// The page: which picture, which network, and what the person sees of the work.

import { Engine } from "./engine.js";
import { keepOffline } from "./offline.js";
import { showAfter, showBefore } from "./slider.js";

const TASKS = {
  sr: ["Enlarge", "sharp at a larger size"],
  face: ["Faces", "restore a blurred portrait"],
  old_photo: ["Old photograph", "colours, contrast, paper grain"],
};
const PROVIDERS = { webgpu: "graphics processor", wasm: "processor" };

const find = (id) => document.getElementById(id);
const show = (...ids) => ids.forEach((id) => { find(id).hidden = false; });
const hide = (...ids) => ids.forEach((id) => { find(id).hidden = true; });
const addresses = [];
let models = [];
let picture = null;

const engine = new Engine(({ provider, files }) => {
  const threads = self.crossOriginIsolated ? "" : ", one thread";
  find("provider").textContent = ` Computes on the ${PROVIDERS[provider]}${provider === "wasm" ? threads : ""}.`;
  find("offline").textContent = "";
  keepOffline(files, (text) => { find("offline").textContent = text; });
});

function makeAddress(blob) {
  addresses.push(URL.createObjectURL(blob));
  return addresses.at(-1);
}

function say(text) {
  find("said").textContent = text;
}

function complain(text) {
  find("problem").textContent = text;
  find("problem").hidden = !text;
}

function offerTasks() {
  const known = Object.keys(TASKS);
  const tasks = [...new Set([...known, ...models.map((model) => model.task)])]
    .filter((task) => models.some((model) => model.task === task));
  find("choices").replaceChildren(...tasks.map((task, index) => {
    const [name, hint] = TASKS[task] ?? [task, ""];
    const choice = document.createElement("label");
    const input = Object.assign(document.createElement("input"), {
      type: "radio", name: "task", value: task, checked: index === 0,
    });
    const text = Object.assign(document.createElement("span"), { textContent: name });
    text.append(Object.assign(document.createElement("small"), { textContent: hint }));
    choice.className = "choice";
    choice.append(input, text);
    return choice;
  }));
  offerModels();
}

function offerModels() {
  const task = new FormData(find("form")).get("task");
  const offered = models.filter((model) => model.task === task);
  find("model").replaceChildren(...offered.map((model) => {
    const size = `${(model.size_bytes / 1e6).toFixed(1)} MB`;
    const factor = model.scale > 1 ? `${model.scale}× larger, ` : "";
    return new Option(`${model.label} · ${factor}${size}`, model.name);
  }));
  hide("model-field");
  if (offered.length > 1) show("model-field");
  describeChoice();
}

function chosenModel() {
  return models.find((model) => model.name === find("model").value);
}

function describeChoice() {
  const model = chosenModel();
  find("notice").textContent = model.notice ? `This network was ${model.notice}.` : "";
  find("notice").hidden = !model.notice;
  if (!picture) return;
  showBefore(picture.url, picture.width, picture.height);
  const { width, height } = picture, after = [width, height].map((side) => side * model.scale);
  const becomes = model.scale > 1 ? ` becomes ${after.join(" × ")}` : "";
  find("caption").textContent = `${picture.file.name}, ${width} × ${height}${becomes}`;
  hide("save");
  show("enhance");
}

async function take(file) {
  if (!file || !find("working").hidden) return;
  forget();
  complain("");
  const url = makeAddress(file);
  const image = Object.assign(new Image(), { src: url });
  try {
    await image.decode();
  } catch {
    complain(`${file.name || "This file"} is not a picture that this browser can read.`);
    return;
  }
  picture = { file, url, width: image.naturalWidth, height: image.naturalHeight };
  hide("drop");
  show("viewer", "actions");
  describeChoice();
  find("enhance").focus();
}

function forget() {
  picture = null;
  addresses.splice(0).forEach((url) => URL.revokeObjectURL(url));
  find("file").value = find("camera").value = "";
  hide("viewer", "actions", "working");
  show("drop");
}

async function enhance() {
  const model = chosenModel();
  complain("");
  hide("actions");
  show("working");
  find("tasks").disabled = find("model").disabled = true;
  find("cancel").focus();
  say("Enhancing");
  const startedMs = performance.now();
  const progress = find("progress");
  progress.removeAttribute("value");
  find("time").textContent = "";
  try {
    const result = await engine.enhance(picture.file, model, (share) => {
      progress.value = share;
      find("time").textContent = describeTimeLeft(share, performance.now() - startedMs);
    });
    if (result) present(result, model, performance.now() - startedMs);
    else say("Cancelled");
  } catch (error) {
    complain(error.message);
  }
  find("tasks").disabled = find("model").disabled = false;
  hide("working");
  show("actions");
  find(find("save").hidden ? "enhance" : "save").focus();
}

function present(result, model, tookMs) {
  const { blob, preview, width, height } = result;
  const stem = picture.file.name.replace(/\.[^.]*$/, "") || "picture";
  Object.assign(find("save"), { href: makeAddress(blob), download: `${stem}${model.suffix}.png` });
  showAfter(preview === blob ? find("save").href : makeAddress(preview), width, height);
  const size = blob.size < 1e6 ? `${Math.ceil(blob.size / 1e3)} kB` : `${(blob.size / 1e6).toFixed(1)} MB`;
  const reduced = preview === blob ? "" : "; shown smaller than it is";
  find("caption").textContent =
    `${find("save").download}, ${width} × ${height}, ${size}, in ${(tookMs / 1000).toFixed(1)} s${reduced}`;
  hide("enhance");
  show("save");
  say("The enhanced picture is ready");
}

function describeTimeLeft(share, tookMs) {
  const percent = `${Math.floor(100 * share)} %`;
  if (tookMs < 2000 || share < 0.02) return percent;
  const left = Math.ceil((tookMs / share - tookMs) / 1000);
  return `${percent}, ${left > 99 ? `${Math.ceil(left / 60)} min` : `${left} s`} left`;
}

find("form").addEventListener("submit", (event) => { event.preventDefault(); enhance(); });
find("choices").addEventListener("change", offerModels);
find("model").addEventListener("change", describeChoice);
find("cancel").addEventListener("click", () => engine.cancel());
find("other").addEventListener("click", () => { forget(); complain(""); find("file").focus(); });
for (const id of ["file", "camera"]) {
  find(id).addEventListener("change", (event) => take(event.target.files[0]));
}
document.addEventListener("paste", (event) => take(event.clipboardData.files[0]));
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  find("drop").classList.add("is-over");
});
document.addEventListener("dragleave", () => find("drop").classList.remove("is-over"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  find("drop").classList.remove("is-over");
  take(event.dataTransfer.files[0]);
});

try {
  models = await (await fetch("models.json")).json();
  offerTasks();
  hide("unstarted");
  show("form");
} catch {
  complain("The list of models is not there; load the page anew.");
}
