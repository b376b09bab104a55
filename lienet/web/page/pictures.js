// Picture files as pixels: upright, as sRGB, alpha apart from the colours.

const HEAD_BYTES = 2 ** 20;

/** Open a picture; throw one line a person can read if the browser cannot. */
export async function openPicture(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image", premultiplyAlpha: "none" });
  } catch {
    throw new Error(`${file.name || "This file"} is not a picture that this browser can read.`);
  }
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  const { width, height } = bitmap;
  const source = (isJpeg(head) ? null : TextureSource.open(bitmap)) ?? new CanvasSource(bitmap);
  return new Picture(source, { width, height, isGrey: isGrey(head), isOpaque: isJpeg(head) });
}

/** A picture's pixels, read part by part. */
class Picture {
  constructor(source, { width, height, isGrey, isOpaque }) {
    Object.assign(this, { source, width, height, isGrey });
    this.alpha = isOpaque ? null : this.#findAlpha();
  }

  /** Channels of a file of this picture. */
  get channels() {
    return (this.isGrey ? 1 : 3) + (this.alpha ? 1 : 0);
  }

  /** Return RGBA bytes of a part. */
  read(x, y, width, height) {
    return this.source.read(x, y, width, height);
  }

  close() {
    this.source.close();
  }

  /** Return the alpha channel `{ data, width, height }`; null if nothing is transparent. */
  #findAlpha() {
    const { width, height } = this;
    const data = new Uint8Array(width * height);
    let isOpaque = true;
    for (let top = 0; top < height; top += 256) {
      const rows = Math.min(256, height - top);
      const pixels = this.read(0, top, width, rows);
      for (let i = 0; i < width * rows; i++) {
        data[top * width + i] = pixels[4 * i + 3];
        isOpaque &&= pixels[4 * i + 3] === 255;
      }
    }
    return isOpaque ? null : { data, width, height };
  }
}

/** Reads through a canvas, which is exact where nothing is transparent. */
class CanvasSource {
  constructor(bitmap) {
    this.bitmap = bitmap;
    this.canvas = new OffscreenCanvas(1, 1);
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
  }

  read(x, y, width, height) {
    if (this.canvas.width !== width || this.canvas.height !== height) {
      Object.assign(this.canvas, { width, height });
    }
    this.context.clearRect(0, 0, width, height);
    this.context.drawImage(this.bitmap, x, y, width, height, 0, 0, width, height);
    return this.context.getImageData(0, 0, width, height).data;
  }

  close() {
    this.bitmap.close();
  }
}

/** Reads through a texture, which keeps colours as they are whatever their alpha. */
class TextureSource {
  static open(bitmap) {
    const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
    const side = Math.max(bitmap.width, bitmap.height);
    if (!gl || side > gl.getParameter(gl.MAX_TEXTURE_SIZE)) return null;
    return new TextureSource(gl, bitmap);
  }

  constructor(gl, bitmap) {
    this.gl = gl;
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
    gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
    const texture = gl.getParameter(gl.TEXTURE_BINDING_2D);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    bitmap.close();
  }

  read(x, y, width, height) {
    const pixels = new Uint8Array(width * height * 4);
    this.gl.readPixels(x, y, width, height, this.gl.RGBA, this.gl.UNSIGNED_BYTE, pixels);
    return pixels;
  }

  close() {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

function isJpeg(head) {
  return head[0] === 0xff && head[1] === 0xd8;
}

function isGrey(head) {
  const isPng = head[0] === 0x89 && head[1] === 0x50;
  if (isPng) return head[25] === 0 || head[25] === 4;
  return isJpeg(head) && countJpegChannels(head) === 1;
}

function countJpegChannels(head) {
  let at = 2;
  while (at + 9 < head.length && head[at] === 0xff) {
    const marker = head[at + 1];
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return head[at + 9];
    at += 2 + 256 * head[at + 2] + head[at + 3];
  }
  return 3;
}
