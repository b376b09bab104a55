// A network in ONNX Runtime Web: on the graphics processor where there is WebGPU, else in
// WebAssembly, with threads where the page is isolated from others.

const FOLDER = new URL("./onnxruntime/", import.meta.url).href;
const MAX_THREADS = 4;
const BUILDS = {
  webgpu: {
    module: "ort.webgpu.min.mjs",
    files: ["ort-wasm-simd-threaded.asyncify.mjs", "ort-wasm-simd-threaded.asyncify.wasm"],
  },
  wasm: {
    module: "ort.wasm.min.mjs",
    files: ["ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"],
  },
};

/** Load ONNX Runtime Web: `{ ort, provider, files }`, with the files that it needs offline. */
export async function loadRuntime(wanted) {
  const provider = wanted ?? ((await hasGraphics()) ? "webgpu" : "wasm");
  const { module, files } = BUILDS[provider];
  const ort = await import(FOLDER + module);
  ort.env.wasm.wasmPaths = FOLDER;
  ort.env.wasm.numThreads = self.crossOriginIsolated
    ? Math.min(MAX_THREADS, navigator.hardwareConcurrency ?? 1)
    : 1;
  return { ort, provider, files: [module, ...files].map((name) => FOLDER + name) };
}

async function hasGraphics() {
  try {
    return Boolean(await navigator.gpu?.requestAdapter());
  } catch {
    return false;
  }
}

/** A network ready to be put to use; planes are float32, channel by channel, in [0, 1]. */
export class Network {
  /** Open what the list of models says of one of them. */
  static async open(runtime, model) {
    const network = new Network(runtime, model);
    network.session = await network.#openSession(model.file, model.sha256);
    return network;
  }

  constructor(runtime, model) {
    this.runtime = runtime;
    this.model = model;
    this.scale = model.scale;
  }

  /** Return the enhanced tile `{ data, width, height }`, not clipped; `known` as gathered, or none. */
  async enhance(tile, known) {
    const feeds = this.#makeFeeds(tile, known ?? []);
    const [name] = this.session.outputNames;
    const found = await this.session.run(feeds, [name]);
    return takePlanes(found[name]);
  }

  /** Return what layer number `known.length` normalises. */
  async findFeatures(tile, known) {
    const { statistics } = this.model;
    this.statisticsSession ??= await this.#openSession(statistics.file, statistics.sha256);
    const name = `spade_${known.length}_features`;
    const feeds = this.#makeFeeds(tile, known);
    const taken = new Set(this.statisticsSession.inputNames);
    const given = Object.fromEntries(Object.entries(feeds).filter(([key]) => taken.has(key)));
    const found = await this.statisticsSession.run(given, [name]);
    return takePlanes(found[name]);
  }

  #makeFeeds(tile, known) {
    const { Tensor } = this.runtime.ort;
    const [image] = this.session.inputNames;
    const feeds = { [image]: new Tensor("float32", tile.data, [1, 3, tile.height, tile.width]) };
    (this.model.statistics?.channels ?? []).forEach((channels, layer) => {
      // A negative variance lets the network measure its own input.
      const { mean, variance } = known[layer] ?? {
        mean: new Float32Array(channels),
        variance: new Float32Array(channels).fill(-1),
      };
      feeds[`spade_${layer}_mean`] = new Tensor("float32", mean, [1, channels, 1, 1]);
      feeds[`spade_${layer}_variance`] = new Tensor("float32", variance, [1, channels, 1, 1]);
    });
    return feeds;
  }

  async #openSession(file, sha256) {
    const content = await fetchVerified(new URL(`./models/${file}`, import.meta.url), sha256);
    return this.runtime.ort.InferenceSession.create(content, {
      executionProviders: this.runtime.provider === "webgpu" ? ["webgpu", "wasm"] : ["wasm"],
      logSeverityLevel: 3,
    });
  }
}

async function fetchVerified(url, sha256) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The model ${url.pathname.split("/").pop()} is not there.`);
  const content = new Uint8Array(await response.arrayBuffer());
  if (self.crypto?.subtle) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
    const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
    if (found !== sha256) throw new Error("The model is damaged; load the page anew.");
  }
  return content;
}

function takePlanes(tensor) {
  const [, channels, height, width] = tensor.dims;
  return { data: tensor.data, channels, height, width };
}
