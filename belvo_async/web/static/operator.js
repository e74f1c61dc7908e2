"use strict";
// The page works without this, by reloading itself. The rows come from the server, which has escaped them.

const live = document.getElementById("live");
const events = new EventSource(live.dataset.events + location.search);
events.addEventListener("rows", (event) => { live.innerHTML = JSON.parse(event.data); });
addEventListener("pagehide", () => events.close());
