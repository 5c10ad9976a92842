// Adds behaviour to GOV.UK components. Every page works without it.
import { initAll } from "../build/govuk-frontend.min.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();

// GOV.UK radios that reveal fields say so with aria-expanded, which ARIA does not allow on a radio; the fields come
// next in reading order anyway.
const plainRadios = () => {
  for (const radio of document.querySelectorAll("input[type=radio][aria-expanded]")) radio.removeAttribute("aria-expanded");
};
window.addEventListener("pageshow", plainRadios);
document.addEventListener("click", plainRadios);

// A form opened before its person signed in again holds the old session's token; the cookie has the new one.
document.addEventListener("submit", ({ target }) => {
  const token = target.elements.namedItem("csrfmiddlewaretoken");
  const fresh = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
  if (token && fresh) token.value = fresh[1];
});
