// One pair after another: shows it, takes the choice by key or button, and saves all of them at the end.
"use strict";

const find = (id) => document.getElementById(id);
const CHOICES = { ArrowLeft: "left", " ": "same", ArrowRight: "right" };
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STEP_PX = 40;
const numPairs = STUDY.pairs.length;
let isReady = false; // nobody answers before both pictures are seen

const addressOf = (name) => name && `${STUDY.folder}/${name}`;

async function show() {
  const number = Answers.number, isDone = number >= numPairs;
  isReady = false;
  for (const choice of Object.values(CHOICES)) find(`choose-${choice}`).disabled = true;
  find("comparison").hidden = isDone;
  find("finished").hidden = !isDone;
  find("progress").max = numPairs;
  find("progress").value = number;
  find("place").textContent = isDone ? `All ${numPairs} pairs are rated` : `Pair ${number + 1} of ${numPairs}`;
  find("said").textContent = find("place").textContent;
  find("back").disabled = find("save").disabled = number === 0;
  find("save").classList.toggle("primary", isDone);
  find("next-person").hidden = true;
  find("kept").hidden = !Answers.isKept;
  find("problem").hidden = true;
  find(isDone ? "finished" : "comparison").focus({ preventScroll: true });
  if (isDone) return;
  const pair = STUDY.pairs[number];
  try {
    await Panes.show({
      left: addressOf(pair.left), right: addressOf(pair.right), reference: addressOf(pair.reference),
    });
  } catch {
    if (number !== Answers.number) return;
    find("problem").textContent = "A picture of this pair cannot be shown; the folder of the page is not complete.";
    find("problem").hidden = false;
    return;
  }
  if (number !== Answers.number) return; // gone back or on meanwhile
  isReady = true;
  for (const choice of Object.values(CHOICES)) find(`choose-${choice}`).disabled = false;
  for (const name of Object.values(STUDY.pairs[number + 1] ?? {})) {
    if (name) new Image().src = addressOf(name);
  }
}

function choose(choice) {
  if (!isReady) return;
  Answers.add(choice);
  show();
}

function goBack() {
  if (!Answers.number) return;
  Answers.takeBack();
  show();
}

function save() {
  const address = URL.createObjectURL(new Blob([Answers.toCsv()], { type: "text/csv" }));
  const link = Object.assign(document.createElement("a"), { href: address, download: Answers.fileName() });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
  find("said").textContent = `${Answers.fileName()} is saved`;
  find("next-person").hidden = Answers.number < numPairs;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === " " && event.target.closest("button")) return; // it presses the button
  if (event.shiftKey && STEPS[event.key]) Panes.move(...STEPS[event.key].map((step) => step * STEP_PX));
  else if (event.shiftKey) return;
  else if (CHOICES[event.key] && !event.repeat) choose(CHOICES[event.key]);
  else if (event.key === "Backspace" && !event.repeat) goBack();
  else if (!CHOICES[event.key]) return;
  event.preventDefault();
});
for (const choice of Object.values(CHOICES)) {
  find(`choose-${choice}`).addEventListener("click", () => choose(choice));
}
find("back").addEventListener("click", goBack);
find("save").addEventListener("click", save);
find("next-person").addEventListener("click", () => { Answers.beginAnew(); show(); });
for (const button of document.querySelectorAll("button")) {
  button.addEventListener("click", (event) => { // by mouse or finger: the keys stay the pair's
    if (event.detail && !find("comparison").hidden) find("comparison").focus({ preventScroll: true });
  });
}

if (STUDY.pairs[0].reference) {
  find("task").textContent = "Two versions of one picture, left and right. Choose the one that is nearer to the undegraded picture.";
}
find("unstarted").hidden = true;
find("rating").hidden = false;
show();
