// As Chatwoot's dashboard does: what the user chose there, else what the system says.
(() => {
  let chosen = "auto";
  try {
    const kept = localStorage.getItem("color_scheme");
    chosen = kept ? String(kept).replace(/"/g, "") : "auto";
  } catch {
    // A browser that keeps nothing has no choice either.
  }
  const system = matchMedia("(prefers-color-scheme: dark)");
  const show = () => {
    const dark = chosen === "dark" || (chosen !== "light" && system.matches);
    document.documentElement.dataset.theme = dark ? "dark" : "light";
  };
  system.addEventListener("change", show);
  show();
})();
