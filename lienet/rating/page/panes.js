// The pictures of a pair, each in a pane: one pixel of theirs is as many of the screen's as chosen,
// and all panes show the same part.
"use strict";

const Panes = (() => {
  const panes = ["left", "reference", "right"].map((id) => document.getElementById(id));
  const buttons = [...document.querySelectorAll("[data-zoom]")];
  let zoom = 1;

  const shown = () => panes.filter((pane) => pane.querySelector("img").naturalWidth);

  /** Return the middle of what a pane shows, as shares of the picture. */
  function readMiddle(pane) {
    return {
      x: (pane.scrollLeft + pane.clientWidth / 2) / pane.scrollWidth,
      y: (pane.scrollTop + pane.clientHeight / 2) / pane.scrollHeight,
    };
  }

  function lay(middle = { x: 0.5, y: 0.5 }) {
    for (const pane of shown()) {
      const image = pane.querySelector("img");
      image.style.width = `${image.naturalWidth * zoom / window.devicePixelRatio}px`;
      pane.classList.toggle("is-close", zoom > 1);
      pane.scrollLeft = middle.x * pane.scrollWidth - pane.clientWidth / 2;
      pane.scrollTop = middle.y * pane.scrollHeight - pane.clientHeight / 2;
    }
  }

  function layAgain() {
    if (shown().length) lay(readMiddle(panes[0]));
  }

  function follow(moved) {
    for (const pane of shown()) {
      if (pane.scrollLeft !== moved.scrollLeft) pane.scrollLeft = moved.scrollLeft;
      if (pane.scrollTop !== moved.scrollTop) pane.scrollTop = moved.scrollTop;
    }
  }

  for (const pane of panes) {
    pane.addEventListener("scroll", () => follow(pane));
    pane.addEventListener("pointerdown", (event) => {
      if (event.pointerType === "mouse" && event.button === 0) pane.setPointerCapture(event.pointerId);
    });
    pane.addEventListener("pointermove", (event) => {
      if (pane.hasPointerCapture(event.pointerId)) pane.scrollBy(-event.movementX, -event.movementY);
    });
  }
  for (const button of buttons) {
    button.addEventListener("click", () => {
      zoom = Number(button.dataset.zoom);
      for (const each of buttons) each.setAttribute("aria-pressed", String(each === button));
      layAgain();
    });
  }
  window.addEventListener("resize", layAgain);

  return {
    /** Show pictures by the panes' names, and resolve when all are there to be seen. */
    async show(addresses) {
      await Promise.all(panes.map((pane) => {
        const image = pane.querySelector("img"), address = addresses[pane.id];
        pane.closest("figure").hidden = !address;
        if (!address) return null;
        image.src = address;
        return image.decode();
      }));
      lay();
    },
    /** Move the pictures by so many pixels of the page. */
    move(x, y) {
      panes[0].scrollBy(x, y);
    },
  };
})();
