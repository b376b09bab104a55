// A PNG file written row by row, so that a picture larger than a canvas or the memory can be saved,
// and colours under low alpha are kept, which a canvas would round.

const SIGNATURE = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);
const COLOUR_TYPES = { 1: 0, 2: 4, 3: 2, 4: 6 };
const PAETH = 4;
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** Writes 8-bit rows of 1 to 4 channels: grey, grey and alpha, RGB, RGB and alpha. */
export class PngWriter {
  constructor(width, height, channels) {
    const header = new DataView(new ArrayBuffer(13));
    header.setUint32(0, width);
    header.setUint32(4, height);
    header.setUint8(8, 8);
    header.setUint8(9, COLOUR_TYPES[channels]);
    this.rowBytes = width * channels;
    this.channels = channels;
    this.previous = new Uint8Array(this.rowBytes);
    this.parts = [SIGNATURE, makeChunk("IHDR", new Uint8Array(header.buffer))];
    const deflate = new CompressionStream("deflate");
    this.writer = deflate.writable.getWriter();
    this.isCollected = this.#collect(deflate.readable.getReader());
  }

  /** Add whole rows; wait until they are taken in. */
  async write(rows) {
    const count = rows.length / this.rowBytes;
    const filtered = new Uint8Array(count * (this.rowBytes + 1));
    for (let row = 0; row < count; row++) {
      const line = rows.subarray(row * this.rowBytes, (row + 1) * this.rowBytes);
      const out = filtered.subarray(row * (this.rowBytes + 1), (row + 1) * (this.rowBytes + 1));
      out[0] = PAETH;
      filterLine(line, this.previous, this.channels, out);
      this.previous = line.slice();
    }
    await this.writer.ready;
    await this.writer.write(filtered);
  }

  /** Return the file. */
  async finish() {
    await this.writer.close();
    await this.isCollected;
    this.parts.push(makeChunk("IEND", new Uint8Array(0)));
    return new Blob(this.parts, { type: "image/png" });
  }

  async #collect(reader) {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      // A blob may be kept on the disk; an array stays in memory.
      this.parts.push(new Blob([makeChunk("IDAT", value)]));
    }
  }
}

function filterLine(line, above, channels, out) {
  for (let i = 0; i < line.length; i++) {
    const a = i < channels ? 0 : line[i - channels];
    const b = above[i];
    const c = i < channels ? 0 : above[i - channels];
    const pa = Math.abs(b - c), pb = Math.abs(a - c), pc = Math.abs(a + b - 2 * c);
    out[i + 1] = line[i] - (pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
  }
}

function makeChunk(name, content) {
  const chunk = new Uint8Array(content.length + 12);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, content.length);
  chunk.set(new TextEncoder().encode(name), 4);
  chunk.set(content, 8);
  let crc = 0xffffffff;
  for (let i = 4; i < content.length + 8; i++) crc = CRC_TABLE[(crc ^ chunk[i]) & 255] ^ (crc >>> 8);
  view.setUint32(content.length + 8, ~crc >>> 0);
  return chunk;
}
