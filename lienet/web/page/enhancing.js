// Enhancing a whole picture of any size in tiles: the same way from pixels to pixels as
// lienet/deployment/enhancer.py, so that both give the same picture.

import { enlargeRows } from "./bicubic.js";
import { Moments } from "./statistics.js";
import { Mosaic, findCells, planSpans } from "./tiling.js";

const MIN_SIDE_PX = 8;
const GREY_WEIGHTS = [0.299, 0.587, 0.114];

/**
 * Enhance a picture, and hand on strips of finished rows from the top.
 *
 * `tiling` has `side` and `overlap` in pixels; pictures of at most side x side go in one piece.
 * `onStrip(rows)` may be asynchronous; `onProgress(share)` hears which share of the work is done.
 */
export async function enhancePicture(picture, network, tiling, onStrip, onProgress) {
  const [rows, columns] = planTiles(picture, tiling);
  const numTiles = rows.length * columns.length;
  const layers = numTiles > 1 ? network.model.statistics?.channels ?? [] : [];
  let numDone = 0;
  const advance = () => onProgress(++numDone / (numTiles * (1 + layers.length)));
  const known = [];
  for (const channels of layers) {
    known.push(await gatherStatistics(picture, network, rows, columns, channels, known, advance));
  }
  const mosaic = new Mosaic(picture.width * network.scale, network.scale);
  let top = 0;
  for (const high of rows) {
    for (const wide of columns) {
      const enhanced = await network.enhance(cutTile(picture, high, wide), layers.length ? known : null);
      mosaic.place(keepPart(enhanced, high, wide, network.scale), high, wide);
      advance();
    }
    const bottom = top + mosaic.finished.length / (3 * mosaic.width);
    await onStrip(assemble(picture, mosaic.finished, network.scale, top, bottom));
    top = bottom;
  }
}

function planTiles(picture, { side, overlap }) {
  const isWhole = picture.width * picture.height <= side ** 2;
  return [picture.height, picture.width].map((length) =>
    planSpans(length, { side: isWhole ? length : side, overlap, fade: overlap }));
}

async function gatherStatistics(picture, network, rows, columns, channels, known, advance) {
  const moments = new Moments(channels);
  const { fold } = network.model;
  for (const high of rows) {
    for (const wide of columns) {
      const features = await network.findFeatures(cutTile(picture, high, wide), known);
      moments.add(features, findCells(high, fold), findCells(wide, fold));
      advance();
    }
  }
  return moments.toStatistics();
}

/** Return a tile as planes in [0, 1], its last row and column repeated up to the least side. */
function cutTile(picture, high, wide) {
  const width = wide.stop - wide.start, height = high.stop - high.start;
  const pixels = picture.read(wide.start, high.start, width, height);
  const padded = { width: Math.max(MIN_SIDE_PX, width), height: Math.max(MIN_SIDE_PX, height) };
  const size = padded.width * padded.height;
  const data = new Float32Array(3 * size);
  for (let y = 0; y < padded.height; y++) {
    for (let x = 0; x < padded.width; x++) {
      const from = 4 * (Math.min(y, height - 1) * width + Math.min(x, width - 1));
      const to = y * padded.width + x;
      for (let c = 0; c < 3; c++) data[c * size + to] = pixels[from + c] / 255;
    }
  }
  return { data, ...padded };
}

/** Return the kept part of an enhanced tile: RGB, clipped, in levels of 255. */
function keepPart(enhanced, high, wide, scale) {
  const top = (high.keptStart - high.start) * scale, left = (wide.keptStart - wide.start) * scale;
  const height = (high.keptStop - high.keptStart) * scale;
  const width = (wide.keptStop - wide.keptStart) * scale;
  const data = new Float32Array(width * height * 3);
  const size = enhanced.width * enhanced.height;
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < height; y++) {
      const from = c * size + (top + y) * enhanced.width + left;
      for (let x = 0; x < width; x++) {
        const value = enhanced.data[from + x];
        if (!Number.isFinite(value)) throw new Error("The network's output is not finite.");
        data[(y * width + x) * 3 + c] = 255 * Math.min(1, Math.max(0, value));
      }
    }
  }
  return { data, width, height };
}

/** Bring RGB rows to the picture's own channels: grey stays grey, and alpha is enlarged. */
function assemble(picture, colours, scale, top, bottom) {
  const { channels, isGrey } = picture;
  if (channels === 3) return colours;
  const numPixels = colours.length / 3;
  const rows = new Uint8ClampedArray(numPixels * channels);
  const alpha = picture.alpha && enlargeRows(picture.alpha, scale, top, bottom);
  for (let i = 0; i < numPixels; i++) {
    const [red, green, blue] = [colours[3 * i], colours[3 * i + 1], colours[3 * i + 2]];
    if (isGrey) {
      rows[channels * i] = GREY_WEIGHTS[0] * red + GREY_WEIGHTS[1] * green + GREY_WEIGHTS[2] * blue;
    } else {
      rows.set([red, green, blue], channels * i);
    }
    if (alpha) rows[channels * (i + 1) - 1] = alpha[i];
  }
  return rows;
}
