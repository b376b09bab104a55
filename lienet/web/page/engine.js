// The page's side of the worker. To cancel is to end the worker and start another.

/** Runs one picture at a time. */
export class Engine {
  #worker = null;
  #waiting = null;
  #onReady;

  /** `onReady({ provider, files })` is told when the runtime is loaded. */
  constructor(onReady) {
    this.#onReady = onReady;
    this.#start();
  }

  /** Enhance a file; resolves to `{ blob, preview, width, height }`, or null when cancelled. */
  enhance(file, model, onProgress) {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject, onProgress };
      this.#worker.postMessage({ file, model });
    });
  }

  cancel() {
    this.#worker.terminate();
    this.#settle("resolve", null);
    this.#start();
  }

  #start() {
    this.#worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }) => this.#hear(data);
    this.#worker.onerror = () => this.#fail("The worker could not go on; load the page anew.");
  }

  #hear({ kind, ...told }) {
    if (kind === "ready") this.#onReady(told);
    else if (kind === "progress") this.#waiting?.onProgress(told.share);
    else if (kind === "done") this.#settle("resolve", told);
    else this.#fail(told.message);
  }

  #fail(message) {
    this.#settle("reject", new Error(message));
  }

  #settle(how, value) {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.[how](value);
  }
}
