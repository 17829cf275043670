// Before anything is painted: light or dark, as this person chose here or in their system.
(() => {
  const stored = () => { try { return localStorage.getItem("alta-theme"); } catch { return null; } };
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => { document.documentElement.dataset.bsTheme = stored() || (dark.matches ? "dark" : "light"); };
  dark.addEventListener("change", apply);
  addEventListener("storage", apply);
  addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    const next = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
    try { localStorage.setItem("alta-theme", next); } catch { /* private window: for this page only */ }
    document.documentElement.dataset.bsTheme = next;
  });
  apply();
})();
