// A smaller copy of a picture that comes in strips, for the screen: every so many pixels, their mean.

import { PngWriter } from "./png.js";

/** Largest output, in pixels, that is shown as it is. */
export const MAX_SHOWN_PIXELS = 24_000_000;
const MAX_PREVIEW_PIXELS = 4_000_000;

/** Makes the copy; rows may be pushed in strips of any height. */
export class Preview {
  constructor(width, height, channels) {
    this.step = Math.ceil(Math.sqrt((width * height) / MAX_PREVIEW_PIXELS));
    this.source = { width, channels };
    this.width = Math.max(1, Math.floor(width / this.step));
    this.height = Math.max(1, Math.floor(height / this.step));
    this.sums = new Float64Array(this.width * channels);
    this.numRows = 0;
    this.writer = new PngWriter(this.width, this.height, channels);
  }

  async push(rows) {
    const rowBytes = this.source.width * this.source.channels;
    for (let at = 0; at < rows.length; at += rowBytes) {
      if (this.numRows >= this.height * this.step) return;
      this.#add(rows.subarray(at, at + rowBytes));
      if (++this.numRows % this.step === 0) {
        const area = this.step ** 2;
        await this.writer.write(Uint8ClampedArray.from(this.sums, (sum) => sum / area));
        this.sums.fill(0);
      }
    }
  }

  finish() {
    return this.writer.finish();
  }

  #add(line) {
    const { channels } = this.source;
    for (let x = 0; x < this.width * this.step; x++) {
      const cell = Math.floor(x / this.step) * channels;
      for (let c = 0; c < channels; c++) this.sums[cell + c] += line[x * channels + c];
    }
  }
}
