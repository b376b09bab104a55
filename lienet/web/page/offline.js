// Keeps the page for when there is no network, and says so when it is.

/** Keep the page and the named files; `say(text)` is told how far it is. */
export async function keepOffline(files, say) {
  if (!("serviceWorker" in navigator)) {
    say("Needs a network: browsers keep pages only from https or this device.");
    return;
  }
  try {
    await navigator.serviceWorker.register("service-worker.js");
    const { active } = await navigator.serviceWorker.ready;
    navigator.serviceWorker.addEventListener("message", ({ data }) => {
      if (data === "kept") say("Works offline now.");
    });
    navigator.serviceWorker.startMessages();
    say("Keeping the page for offline use");
    active.postMessage({ keep: files });
  } catch {
    say("Needs a network: the browser does not keep this page.");
  }
}
