// What a person has answered so far: kept in this browser, and saved as a CSV file.
"use strict";

const Answers = (() => {
  const place = `lienet-rating-${STUDY.study}`;
  let rater = "";
  let choices = [];
  let isKept = true;

  function begin() {
    rater = [...crypto.getRandomValues(new Uint8Array(6))]
      .map((byte) => byte.toString(16).padStart(2, "0")).join("");
    choices = [];
  }

  function keep() {
    try {
      localStorage.setItem(place, JSON.stringify({ rater, choices }));
    } catch {
      isKept = false;
    }
  }

  begin();
  try {
    const kept = JSON.parse(localStorage.getItem(place));
    if (kept) ({ rater, choices } = kept);
  } catch {
    isKept = false;
  }

  return {
    get number() { return choices.length; },
    get isKept() { return isKept; },
    add(choice) { choices.push(choice); keep(); },
    takeBack() { choices.pop(); keep(); },
    beginAnew() { begin(); keep(); },
    fileName: () => `answers-${STUDY.study}-${rater}.csv`,
    toCsv() {
      const rows = choices.map((choice, index) => {
        const { left, right } = STUDY.pairs[index];
        return [STUDY.study, rater, left, right, choice];
      });
      return [["study", "rater", "left", "right", "choice"], ...rows].map((row) => `${row.join(",")}\n`).join("");
    },
  };
})();
