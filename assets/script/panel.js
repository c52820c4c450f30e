// Only improves what works without it: countdown, double submit, copy, reading a file, local time.
"use strict";

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

for (const line of document.querySelectorAll("[data-seconds-left]")) {
  const ends = performance.now() + Number(line.dataset.secondsLeft) * 1000;
  const shown = line.querySelector("strong");
  const spoken = document.querySelector("[data-time-spoken]");
  const tick = () => {
    const left = Math.max(0, Math.ceil((ends - performance.now()) / 1000));
    shown.textContent = clock(left);
    line.classList.toggle("short", left <= 30);
    if (left === 30) spoken.textContent = "30 seconds left";
    // The server says where to go on; the page itself has nothing to offer any more.
    if (left === 0) location.replace(location.pathname);
    else setTimeout(tick, 250);
  };
  tick();
}

// A second press while the first one is under way is the same wish. The button stays enabled: nothing depends on it.
for (const form of document.forms) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    form.querySelector("[type=submit]").classList.add("busy");
  });
}
addEventListener("pageshow", () => {
  for (const form of document.forms) {
    delete form.dataset.sent;
    form.querySelector("[type=submit]").classList.remove("busy");
  }
});

for (const button of document.querySelectorAll("[data-copies]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.copies).textContent;
    await navigator.clipboard.writeText(text.replaceAll(" ", ""));
    button.textContent = "Copied";
  });
}

for (const line of document.querySelectorAll("[data-reads-into]")) {
  line.hidden = false;
  line.querySelector("input").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (file && file.size < 32768) document.getElementById(line.dataset.readsInto).value = await file.text();
  });
}

for (const time of document.querySelectorAll("time[datetime]")) {
  time.title = new Date(time.dateTime).toLocaleString();
}
