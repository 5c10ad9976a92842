// On a phone the filter over a list starts folded away, so that the rows come first. Without this it stands open.
const phone = matchMedia("(max-width: 40.0525em)");

for (const fold of document.querySelectorAll("[data-module=app-filter-fold]")) {
  const fit = () => (fold.open = !phone.matches || fold.querySelector(".govuk-error-message") !== null);
  fit();
  phone.addEventListener("change", fit);
}
