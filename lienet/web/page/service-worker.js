// Keeps the page for when there is no network, and gives its answers the headers that isolate it
// from other pages, which threads need and a plain file server does not send.

importScripts("files.js");

const { version, shell, runtime, headers } = self.LIENET;
const CACHE = `lienet-${version}`;
const RUNTIME = new Set(runtime.map((name) => new URL(name, self.registration.scope).href));

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll(shell.map((name) => new Request(name, { cache: "reload" })));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const names = (await caches.keys()).filter((name) => name.startsWith("lienet-"));
    await Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)));
    await self.clients.claim();
  })());
});

// The page says which files of the runtime this device needs, and hears when they are kept.
self.addEventListener("message", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    const wanted = event.data.keep.filter((url) => RUNTIME.has(url));
    for (const url of wanted) {
      if (!(await cache.match(url))) await cache.add(url);
    }
    event.source.postMessage("kept");
  })());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const isOurs = request.url.startsWith(self.registration.scope);
  if (request.method !== "GET" || !isOurs || new URL(request.url).pathname.includes("/api/")) return;
  event.respondWith(answer(request));
});

async function answer(request) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request, { ignoreSearch: request.mode === "navigate" });
  const response = kept ?? await fetch(request);
  if (response.status !== 200) return response;
  if (!kept && RUNTIME.has(request.url)) await cache.put(request, response.clone());
  const added = new Headers(response.headers);
  for (const [name, value] of Object.entries(headers)) added.set(name, value);
  return new Response(response.body, { status: 200, headers: added });
}
