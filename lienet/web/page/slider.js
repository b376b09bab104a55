// Before and after, one over the other: what is left of the divider is before.

const find = (id) => document.getElementById(id);
const [stage, pane, plane, cut, zoom] = ["stage", "pane", "plane", "cut", "zoom"].map(find);
let size = { width: 1, height: 1 };

/** Show a picture alone. */
export function showBefore(url, width, height) {
  size = { width, height };
  find("before").src = url;
  find("before").alt = "The picture as it is";
  find("after").removeAttribute("src");
  for (const id of ["after", "divider", "tag-before", "tag-after", "controls"]) find(id).hidden = true;
  stage.classList.remove("is-done");
  setZoom(false);
}

/** Show it beside what became of it, of `width` x `height` pixels. */
export function showAfter(url, width, height) {
  size = { width, height };
  find("after").src = url;
  find("after").alt = "The enhanced picture";
  for (const id of ["after", "divider", "tag-before", "tag-after", "controls"]) find(id).hidden = false;
  stage.classList.add("is-done");
  cut.value = 50;
  setZoom(false);
}

function setZoom(isClose) {
  stage.classList.toggle("is-close", isClose);
  zoom.setAttribute("aria-pressed", String(isClose));
  pane.tabIndex = isClose ? 0 : -1;
  fit();
  if (isClose) {
    pane.scrollLeft = (pane.scrollWidth - pane.clientWidth) / 2;
    pane.scrollTop = (pane.scrollHeight - pane.clientHeight) / 2;
  }
  draw();
}

/** Give the stage the picture's shape, within the window; close up, pixels are as large as can be told. */
function fit() {
  const room = find("viewer").clientWidth || document.documentElement.clientWidth;
  const width = Math.min(room, 0.68 * window.innerHeight * size.width / size.height);
  stage.style.width = `${width}px`;
  stage.style.aspectRatio = `${size.width} / ${size.height}`;
  const isClose = stage.classList.contains("is-close");
  const across = isClose ? Math.max(size.width, 2 * width) : width;
  plane.style.width = isClose ? `${across}px` : "100%";
  plane.style.height = isClose ? `${across * size.height / size.width}px` : "100%";
}

function draw() {
  const at = stage.clientWidth * cut.value / 100;
  find("divider").style.left = `${at}px`;
  find("after").style.clipPath = `inset(0 0 0 ${pane.scrollLeft + at}px)`;
  cut.setAttribute("aria-valuetext", `${cut.value} percent before`);
}

function follow(event) {
  if (stage.classList.contains("is-close")) {
    if (event.pointerType !== "mouse") return;
    pane.scrollBy(-event.movementX, -event.movementY);
    return;
  }
  const box = stage.getBoundingClientRect();
  cut.value = 100 * (event.clientX - box.left) / box.width;
  draw();
}

cut.addEventListener("input", draw);
pane.addEventListener("scroll", draw);
zoom.addEventListener("click", () => setZoom(!stage.classList.contains("is-close")));
window.addEventListener("resize", () => { fit(); draw(); });
stage.addEventListener("pointerdown", (event) => {
  if (!stage.classList.contains("is-done") || event.button !== 0) return;
  event.preventDefault();
  if (!stage.classList.contains("is-close")) {
    stage.setPointerCapture(event.pointerId);
    follow(event);
  }
});
stage.addEventListener("pointermove", (event) => {
  if (event.buttons && stage.classList.contains("is-done")) follow(event);
});
