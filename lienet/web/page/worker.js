// The worker: one picture at a time, away from the page, which ends it to cancel.

import { enhancePicture } from "./enhancing.js";
import { Network, loadRuntime } from "./network.js";
import { openPicture } from "./pictures.js";
import { PngWriter } from "./png.js";
import { MAX_SHOWN_PIXELS, Preview } from "./preview.js";

const TILING = { side: 384, overlap: 32 };

let runtime = null;
let opened = null;
load();

onmessage = async ({ data: { file, model } }) => {
  let picture = null;
  try {
    picture = await openPicture(file);
    postMessage({ kind: "done", ...(await run(picture, model)) });
  } catch (error) {
    postMessage({ kind: "failed", message: describe(error) });
  } finally {
    picture?.close();
  }
};

function load(provider) {
  opened = null;
  runtime = loadRuntime(provider);
  runtime.then(
    (loaded) => postMessage({ kind: "ready", provider: loaded.provider, files: loaded.files }),
    () => postMessage({ kind: "failed", message: "ONNX Runtime did not load; load the page anew." }),
  );
}

/** Enhance; where the graphics processor or its driver fails, begin again on the processor. */
async function run(picture, model) {
  const { provider } = await runtime;
  try {
    if (opened?.model.file !== model.file) opened = await Network.open(await runtime, model);
    return await enhance(picture, opened);
  } catch (error) {
    if (provider !== "webgpu") throw error;
    load("wasm");
    return run(picture, model);
  }
}

async function enhance(picture, network) {
  const width = picture.width * network.scale, height = picture.height * network.scale;
  const writer = new PngWriter(width, height, picture.channels);
  const preview = width * height > MAX_SHOWN_PIXELS
    ? new Preview(width, height, picture.channels)
    : null;
  await enhancePicture(picture, network, TILING, async (rows) => {
    await writer.write(rows);
    await preview?.push(rows);
  }, (share) => postMessage({ kind: "progress", share }));
  const blob = await writer.finish();
  return { blob, preview: preview ? await preview.finish() : blob, width, height };
}

function describe(error) {
  if (error instanceof RangeError || /memory|alloc/i.test(error.message)) {
    return "This picture needs more memory than the browser gives; try a smaller one.";
  }
  return error.message || String(error);
}
