"use strict";
// The page works without this: it counts down, keeps a double click from being two, and waits for the result.

const main = document.querySelector("main");

// What the browser has kept may be out of date: the back button shows the present state.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

const left = document.getElementById("left");
if (left) {
  // By the wall clock: the other one stands still while a phone sleeps.
  const end = Date.now() + 1000 * Number(main.dataset.seconds);
  const tick = () => {
    const seconds = Math.max(0, Math.round((end - Date.now()) / 1000));
    left.textContent = left.dataset.form
      .replace("{minutes}", String(Math.floor(seconds / 60)))
      .replace("{seconds}", String(seconds % 60));
    left.parentElement.classList.toggle("soon", seconds <= 60);
    if (seconds === 0) {
      clearInterval(timer);
      setTimeout(() => location.replace(location.href), 1500);
    }
  };
  const timer = setInterval(tick, 1000);
  tick();
}

const form = document.querySelector("form");
if (form) {
  // On a phone the keyboard would hide what the bank says.
  if (matchMedia("(pointer: fine)").matches || document.getElementById("problem")) {
    document.getElementById("token")?.focus({ preventScroll: true });
  }
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    // After the form is on its way: a button that is disabled before is left out of it.
    setTimeout(() => form.querySelectorAll("button").forEach((button) => { button.disabled = true; }), 0);
  });
}

if (main.hasAttribute("data-waiting")) {
  let pause = 700;
  const look = async () => {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
      const text = await answer.text();
      // While the server, or a proxy before it, is in trouble, the answer is still under way: look again.
      if (answer.status < 500 && !text.includes("data-waiting")) { location.replace(location.href); return; }
    } catch { /* the network is away: look again */ }
    pause = Math.min(pause * 1.3, 5000);
    setTimeout(look, pause);
  };
  setTimeout(look, pause);
} else {
  document.querySelector("h1[tabindex]")?.focus();
}
