// Only improves what works without it: countdown, double submit, copy, print, reading a file, local time, live state.
"use strict";

// In the language of the page.
const says = (what) => document.getElementById(`says-${what}`)?.textContent ?? "";
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

for (const line of document.querySelectorAll("[data-seconds-left]")) {
  const ends = performance.now() + Number(line.dataset.secondsLeft) * 1000;
  const shown = line.querySelector("strong");
  const spoken = document.querySelector("[data-time-spoken]");
  const tick = () => {
    const left = Math.max(0, Math.ceil((ends - performance.now()) / 1000));
    shown.textContent = clock(left);
    line.classList.toggle("short", left <= 30);
    if (left === 30) spoken.textContent = says("half-minute");
    // The server says where to go on; the page itself has nothing to offer any more.
    if (left === 0) location.replace(location.pathname);
    else setTimeout(tick, 250);
  };
  tick();
}

// A second press while the first one is under way is the same wish. The button stays enabled: nothing depends on it.
const pressed = (form, busy) => {
  if (busy) form.dataset.sent = "yes";
  else delete form.dataset.sent;
  for (const button of form.querySelectorAll("[type=submit]")) button.classList.toggle("busy", busy);
};
addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) return event.preventDefault();
  pressed(form, form.method === "post");
});
// The back button may bring the page back as it was left.
addEventListener("pageshow", () => {
  for (const form of document.forms) pressed(form, false);
});

for (const button of document.querySelectorAll("[data-copies]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.setAttribute("aria-live", "polite");
  const name = button.innerHTML;
  button.addEventListener("click", async () => {
    const copied = document.getElementById(button.dataset.copies);
    await navigator.clipboard.writeText(copied.tagName === "PRE" ? copied.textContent.trim() : copied.textContent.replaceAll(" ", ""));
    button.textContent = says("copied");
    setTimeout(() => (button.innerHTML = name), 4000);
  });
}

for (const button of document.querySelectorAll("[data-prints]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

for (const place of document.querySelectorAll("[data-today]")) {
  place.textContent = new Date().toLocaleDateString(document.documentElement.lang, { dateStyle: "long" });
}

for (const line of document.querySelectorAll("[data-reads-into]")) {
  line.hidden = false;
  line.querySelector("input").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (file && file.size < 32768) document.getElementById(line.dataset.readsInto).value = await file.text();
  });
}

const tellLocalTime = (part) => {
  for (const time of part.querySelectorAll("time[datetime]")) time.title = new Date(time.dateTime).toLocaleString(document.documentElement.lang);
};
tellLocalTime(document);

// On a phone the way between rooms scrolls; the present room shall be in sight.
const ways = document.querySelector(".tabs ul");
const here = ways?.querySelector("[aria-current]");
const showHere = () => (ways.scrollLeft = here.offsetLeft - ways.offsetLeft - (ways.clientWidth - here.offsetWidth) / 2);
if (here) {
  showHere();
  addEventListener("resize", showHere);
}

// Live state: the server says when the page is out of date; what is live on it is then fetched anew.
const live = document.querySelector("[data-live]");
if (live && window.EventSource) {
  const spoken = document.createElement("p");
  spoken.className = "hidden";
  spoken.setAttribute("role", "status");
  live.after(spoken);
  let source;
  let newest = live.dataset.live;

  const states = (part) => [...part.querySelectorAll(".head:has(.state)")].map((head) => head.textContent.trim().replace(/\s+/g, " "));
  const renew = async () => {
    if (newest === live.dataset.live || live.contains(document.activeElement)) return;
    const answer = await fetch(location.href);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
    if (!fresh) return location.reload();
    const before = states(live);
    spoken.textContent = states(fresh).filter((state) => !before.includes(state)).join(". ");
    newest = live.dataset.live = fresh.dataset.live;
    live.replaceChildren(...fresh.childNodes);
    tellLocalTime(live);
  };
  // Somebody who is about to press a button finds it where it was.
  live.addEventListener("focusout", () => setTimeout(renew));

  const listen = () => {
    source?.close();
    if (document.hidden) return;
    let opened = false;
    source = new EventSource("live");
    source.addEventListener("message", (event) => {
      opened = true;
      newest = event.data;
      renew();
    });
    source.addEventListener("error", () => {
      // Only the end of the session ends a stream for good.
      if (opened && source.readyState === EventSource.CLOSED) location.reload();
    });
  };
  document.addEventListener("visibilitychange", listen);
  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", listen);
}
