// Tiles: where they lie on an image, and how what comes of them is put together again.
//
// Neighbouring tiles share a strip beyond each one's context, and the image changes over linearly
// from one to the other along it. The same arithmetic as lienet/deployment/tiling.py, whose tests
// and words hold here too. Runs no network.

/** Cover an axis with tiles of at most `side` pixels; a span is one tile's extent along it. */
export function planSpans(length, { side, overlap, fade }) {
  if (length <= side) return [makeSpan(0, length, 0, length, 0, 0)];
  const room = side - 2 * overlap;
  const shared = Math.min(fade, 8 * Math.floor(room / 16));
  const stride = 8 * Math.floor((room - shared) / 8) || room;
  const spans = [];
  let start = 0, keptStart = 0, fadeIn = 0;
  while (start + side < length) {
    const keptStop = start + stride + overlap + shared;
    spans.push(makeSpan(start, start + side, keptStart, keptStop, fadeIn, shared));
    start += stride;
    keptStart = keptStop - shared;
    fadeIn = shared;
  }
  start = Math.min(start, 8 * Math.ceil((length - side) / 8));
  spans.push(makeSpan(start, length, keptStart, length, fadeIn, 0));
  return spans;
}

function makeSpan(start, stop, keptStart, keptStop, fadeIn, fadeOut) {
  return { start, stop, keptStart, keptStop, fadeIn, fadeOut };
}

/** Return first and end of the cells of `cell` pixels that a tile alone answers for. */
export function findCells(span, cell) {
  const first = Math.ceil((span.keptStart + span.fadeIn) / cell);
  const end = Math.ceil(span.keptStop / cell);
  const origin = Math.floor(span.start / cell);
  return [first - origin, end - origin];
}

/** An image made of tiles, given row by row from the top and in each row from the left. */
export class Mosaic {
  /** `width` in output pixels; `scale` output pixels for each pixel of the spans. */
  constructor(width, scale) {
    this.width = width;
    this.scale = scale;
    this.above = this.below = new Float32Array(0);
    this.left = makePart(0, 0);
    /** What is finished of the image after the last tile of a row: RGB, rounded to nearest. */
    this.finished = new Uint8ClampedArray(0);
  }

  /** Put in the kept part of one tile: `{ data, width, height }`, RGB floats in levels of 255. */
  place(kept, rows, columns) {
    const { scale, width } = this;
    if (columns.start === 0) {
      this.above = this.below;
      this.below = new Float32Array(rows.fadeOut * scale * width * 3);
      const height = rows.keptStop - rows.keptStart - rows.fadeOut;
      this.finished = new Uint8ClampedArray(height * scale * width * 3);
    }
    this.#mixWithLeft(kept, columns.fadeIn * scale);
    const own = kept.width - columns.fadeOut * scale;
    this.left = cutColumns(kept, own);
    const leftPx = columns.keptStart * scale;
    this.#mixWithAbove(kept, own, rows.fadeIn * scale, leftPx);
    const finishedRows = this.finished.length / (width * 3);
    for (let y = 0; y < kept.height; y++) {
      const line = kept.data.subarray(y * kept.width * 3, (y * kept.width + own) * 3);
      const isFinished = y < finishedRows;
      const at = ((isFinished ? y : y - finishedRows) * width + leftPx) * 3;
      (isFinished ? this.finished : this.below).set(line, at);
    }
  }

  #mixWithLeft(kept, length) {
    for (let y = 0; y < kept.height; y++) {
      for (let x = 0; x < length; x++) {
        const share = (x + 0.5) / length;
        const at = (y * kept.width + x) * 3, other = (y * length + x) * 3;
        for (let c = 0; c < 3; c++) {
          const later = kept.data[at + c];
          kept.data[at + c] = later + (1 - share) * (this.left.data[other + c] - later);
        }
      }
    }
  }

  #mixWithAbove(kept, own, length, leftPx) {
    for (let y = 0; y < length; y++) {
      const share = (y + 0.5) / length;
      const at = y * kept.width * 3, other = (y * this.width + leftPx) * 3;
      for (let i = 0; i < own * 3; i++) {
        const later = kept.data[at + i];
        kept.data[at + i] = later + (1 - share) * (this.above[other + i] - later);
      }
    }
  }
}

function makePart(width, height) {
  return { data: new Float32Array(width * height * 3), width, height };
}

function cutColumns(part, first) {
  const cut = makePart(part.width - first, part.height);
  for (let y = 0; y < part.height; y++) {
    const from = (y * part.width + first) * 3;
    cut.data.set(part.data.subarray(from, (y + 1) * part.width * 3), y * cut.width * 3);
  }
  return cut;
}
