"use strict";
// The page works without this, by reloading itself. The rows come from the server, which has escaped them.

const live = document.getElementById("live");
const events = new EventSource(live.dataset.events + location.search);
events.addEventListener("rows", (event) => {
  const focused = live.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  live.innerHTML = JSON.parse(event.data);
  if (focused) [...live.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus();
});
addEventListener("pagehide", () => events.close());
