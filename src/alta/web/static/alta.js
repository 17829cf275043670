// The little that pages do by themselves: everything else is the server's.

addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.querySelectorAll("details.user-menu[open]").forEach((menu) => { menu.open = false; });
});

// A scanner ends what it reads with Enter: on to the next field, and from the last one off it goes.
addEventListener("keydown", (event) => {
  const form = event.target.closest("form[data-scan]");
  if (!form || event.key !== "Enter" || event.target.tagName !== "INPUT" || event.target.hasAttribute("data-scan-skip")) return;
  const fields = [...form.querySelectorAll("input:not([type=hidden]):not([data-scan-skip])")];
  const next = fields[fields.indexOf(event.target) + 1];
  if (!next) return;
  event.preventDefault();
  next.focus();
  next.select();
});

// A form that may be sent only once: the second click does nothing. The server refuses it too.
addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-once]");
  if (!form) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  form.querySelectorAll("button").forEach((button) => { button.setAttribute("aria-disabled", "true"); });
});
// Coming back with the browser's back button: it may be sent again.
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => {
  delete form.dataset.sent;
  form.querySelectorAll("button").forEach((button) => button.removeAttribute("aria-disabled"));
}));

// How much longer a reservation lasts.
const showCountdowns = () => document.querySelectorAll("[data-countdown]").forEach((element) => {
  const seconds = Math.max(0, Math.round((new Date(element.dateTime) - Date.now()) / 1000));
  element.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
});
showCountdowns();
setInterval(showCountdowns, 1000);

// While the server can't be reached, say so; the stream reconnects by itself.
const online = (yes) => { const note = document.getElementById("offline"); if (note) note.hidden = yes; };
document.addEventListener("htmx:error", (event) => { if (event.detail?.error instanceof TypeError) online(false); });
document.addEventListener("htmx:sse:error", () => online(false));
for (const name of ["htmx:after:request", "htmx:after:sse:connection"]) document.addEventListener(name, () => online(true));

// A refusal of an earlier click is old news once the next one is on its way.
document.addEventListener("htmx:before:request", () => {
  const refusals = document.getElementById("refusals");
  if (refusals) refusals.textContent = "";
});
document.addEventListener("htmx:after:swap", showCountdowns);

// On paper, for whoever goes without a telephone.
addEventListener("click", (event) => { if (event.target.closest("[data-print]")) print(); });
