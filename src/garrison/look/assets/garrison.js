// What pages do beyond plain HTML. All of it is comfort: without it, links and forms work as they are.

// Progress of a task: the server sends the part of the page anew while it runs, and says when it is over.
function follow(root) {
  for (const place of root.querySelectorAll("[data-events]")) {
    if (place.dataset.followed) continue;
    place.dataset.followed = "yes";
    const events = new EventSource(place.dataset.events);
    events.addEventListener("part", (event) => {
      if (!place.isConnected) return events.close();
      place.innerHTML = event.data;
    });
    events.addEventListener("over", () => {
      events.close();
      if (place.isConnected) location.reload();
    });
  }
}

// After a page was changed in place, a keyboard and a screen reader begin where a new page would: at its top.
function arrive() {
  const main = document.getElementById("main");
  if (main) main.focus({ preventScroll: true });
  window.scrollTo(0, 0);
  follow(document);
}

// "All of them" above a list of boxes to tick.
document.addEventListener("change", (event) => {
  const box = event.target;
  if (box.matches && box.matches("[data-all]")) {
    for (const other of document.querySelectorAll(`input[name="${box.dataset.all}"]`)) other.checked = box.checked;
  }
  if (box.matches && box.matches("select[data-go]")) box.form.requestSubmit();
});

// A form is sent once: the second click of a double click does nothing.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 1500);
});

document.addEventListener("htmx:after:swap", arrive);
document.addEventListener("DOMContentLoaded", () => follow(document));
if (document.readyState !== "loading") follow(document);
