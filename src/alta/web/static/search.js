// The search box of every page: results while somebody types, arrows to choose one, Enter to go there, Esc to go back to
// where the focus was. Without this script the box is a form that leads to a page of results.
const box = document.getElementById("quick-search");
if (box) {
  const results = document.getElementById("quick-results");
  const said = document.getElementById("quick-said");
  let before = null;

  const options = () => [...results.querySelectorAll("[role=option]")];
  const chosen = () => results.querySelector('[aria-selected="true"]');
  const choose = (option) => {
    chosen()?.setAttribute("aria-selected", "false");
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) box.setAttribute("aria-activedescendant", option.id);
    else box.removeAttribute("aria-activedescendant");
  };
  const show = (yes) => {
    results.hidden = !yes;
    box.setAttribute("aria-expanded", String(yes && options().length > 0));
    if (!yes) choose(null);
  };

  box.setAttribute("role", "combobox");
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-haspopup", "listbox");
  box.setAttribute("aria-controls", "quick-options");
  show(false);

  addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    const slash = event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey;
    const wanted = slash || (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey));
    if (!wanted) return;
    event.preventDefault();
    if (document.activeElement !== box) before = document.activeElement;
    box.focus();
    box.select();
  });

  box.addEventListener("keydown", (event) => {
    const all = results.hidden ? [] : options();
    const at = all.indexOf(chosen());
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (results.hidden && results.childElementCount) show(true);
      if (!all.length) return;
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      choose(all[(at < 0 && step < 0 ? all.length - 1 : at + step + all.length) % all.length]);
    } else if (event.key === "Enter" && chosen()) {
      event.preventDefault();
      chosen().click();
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (!results.hidden) show(false);
      if (before?.isConnected && before !== document.body) before.focus();
      else box.blur();
      before = null;
    }
  });

  // What is said and shown is what was found for the text that is there now.
  document.addEventListener("htmx:after:swap", () => {
    const count = results.querySelector(".search-count")?.textContent ?? "";
    if (count === said.textContent && results.hidden === !count) return;
    said.textContent = count;
    if (document.activeElement === box) show(Boolean(count));
  });
  box.addEventListener("input", () => { if (!box.value.trim()) { results.replaceChildren(); said.textContent = ""; show(false); } });
  box.addEventListener("focus", () => { if (results.childElementCount) show(true); });
  box.form.addEventListener("focusout", (event) => { if (!box.form.contains(event.relatedTarget)) show(false); });
}
