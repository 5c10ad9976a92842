// The update form. Off track and Delayed ask for the same fields: they move to the status that is chosen, with what
// was typed. And what is typed is kept on the server every so often, so that a closed tab or an ended session loses
// nothing. The form works without any of this.

const SAVE_EVERY_MS = 20_000;

function shareExplanation(form) {
  const places = [...form.querySelectorAll("[data-shared=explanation]")];
  if (places.length < 2) return;
  const fields = document.createDocumentFragment();
  const take = () => places.forEach((place) => fields.append(...place.childNodes));
  form.addEventListener("change", (event) => {
    if (event.target.name !== "status") return;
    const reveal = document.getElementById(event.target.dataset.ariaControls ?? event.target.getAttribute("aria-controls"));
    const place = reveal?.querySelector("[data-shared=explanation]");
    if (!place || place.childNodes.length) return;
    take();
    place.append(fields);
  });
}

function typedIn(form) {
  const data = new FormData(form);
  for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
  data.set("action", "draft");
  return data;
}

function keepDrafts(form) {
  const status = form.querySelector("[data-draft-status]");
  if (!status) return;
  const content = () => new URLSearchParams(typedIn(form)).toString();
  let kept = content();
  let leaving = false;
  form.addEventListener("submit", () => (leaving = true));
  setInterval(async () => {
    const typed = content();
    if (leaving || typed === kept) return;
    try {
      const response = await fetch(location.href, {
        method: "POST",
        body: typedIn(form),
        headers: { "X-Requested-With": "fetch" },
        redirect: "manual",
      });
      if (response.status !== 204) throw new Error("not kept");
      kept = typed;
      const time = new Intl.DateTimeFormat("en-GB", { hour: "numeric", minute: "2-digit", hour12: true });
      status.textContent = `Draft saved at ${time.format(new Date()).replace(" ", "")}.`;
    } catch {
      status.textContent =
        "What you type is not being kept at the moment. Before you save, check in another tab that you are still signed in.";
    }
  }, SAVE_EVERY_MS);
}

for (const form of document.querySelectorAll("form[method=post]")) shareExplanation(form);
for (const form of document.querySelectorAll("[data-module=app-update-form]")) keepDrafts(form);
