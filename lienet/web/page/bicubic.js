// Enlarging an alpha channel by bicubic interpolation, as lienet/degradations/resize.py does:
// kernel a = -0.5, the image mirrored beyond its borders, rows before columns, rounded half up.

/** Enlarge rows `top` to `bottom` of the output of one channel `{ data, width, height }`. */
export function enlargeRows(plane, scale, top, bottom) {
  if (scale === 1) return plane.data.subarray(top * plane.width, bottom * plane.width);
  const { width } = plane;
  const enlarged = new Uint8ClampedArray((bottom - top) * width * scale);
  const line = new Float64Array(width);
  for (let row = top; row < bottom; row++) {
    line.fill(0);
    forEachTap(row, scale, plane.height, (from, weight) => {
      for (let x = 0; x < width; x++) line[x] += weight * plane.data[from * width + x];
    });
    const out = enlarged.subarray((row - top) * width * scale);
    for (let column = 0; column < width * scale; column++) {
      let sum = 0;
      forEachTap(column, scale, width, (from, weight) => { sum += weight * line[from]; });
      out[column] = Math.floor(Math.min(255, Math.max(0, sum)) + 0.5);
    }
  }
  return enlarged;
}

function forEachTap(index, scale, length, use) {
  const centre = (index + 0.5) / scale - 0.5;
  const first = Math.floor(centre) - 1;
  for (let tap = first; tap < first + 4; tap++) use(mirror(tap, length), cubic(centre - tap));
}

function mirror(index, length) {
  const folded = ((index % (2 * length)) + 2 * length) % (2 * length);
  return Math.min(folded, 2 * length - 1 - folded);
}

function cubic(distance) {
  const x = Math.abs(distance);
  if (x <= 1) return (1.5 * x - 2.5) * x * x + 1;
  return x <= 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}
