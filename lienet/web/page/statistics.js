// Statistics of a whole image, gathered tile by tile, for networks that normalise by them.
// The same as lienet/deployment/image_statistics.py. Nothing larger than a tile is held.

/** Number, mean and sum of squared deviations of each channel, merged over the tiles. */
export class Moments {
  constructor(channels) {
    this.count = 0;
    this.mean = new Float64Array(channels);
    this.squares = new Float64Array(channels);
  }

  /** Add a tile's features `{ data, width, height }`, channel by channel, within rows and columns. */
  add(features, [top, bottom], [left, right]) {
    const stop = { row: Math.min(bottom, features.height), column: Math.min(right, features.width) };
    const count = Math.max(0, stop.row - top) * Math.max(0, stop.column - left);
    if (count === 0) return;
    const total = this.count + count;
    for (let c = 0; c < this.mean.length; c++) {
      const plane = features.data.subarray(c * features.width * features.height);
      const visit = (see) => {
        for (let y = top; y < stop.row; y++) {
          for (let x = left; x < stop.column; x++) see(plane[y * features.width + x]);
        }
      };
      let sum = 0, squares = 0;
      visit((value) => { sum += value; });
      const mean = sum / count;
      visit((value) => { squares += (value - mean) ** 2; });
      const apart = mean - this.mean[c];
      this.mean[c] += apart * (count / total);
      this.squares[c] += squares + apart ** 2 * (this.count * count / total);
    }
    this.count = total;
  }

  /** Return mean and variance as a network takes them. */
  toStatistics() {
    const variance = this.squares.map((sum) => sum / this.count);
    return { mean: Float32Array.from(this.mean), variance: Float32Array.from(variance) };
  }
}
