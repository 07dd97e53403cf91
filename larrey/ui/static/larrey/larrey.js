// What HTML alone does not do. Every page works without this file.

// Arrow keys walk through a list of links: from the search field into its results and back; Enter opens.
document.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  const field = event.target.closest("[data-walk]");
  const list = field ? document.querySelector(field.dataset.walk) : event.target.closest("[data-walked]");
  if (!list) return;
  const links = [...list.querySelectorAll("a[href]:not([data-walk-skip])")];
  if (!links.length) return;
  const at = links.indexOf(document.activeElement);
  const next = at + (event.key === "ArrowDown" ? 1 : -1);
  event.preventDefault();
  if (next < 0) {
    const back = document.querySelector(`[data-walk="#${list.id}"]`);
    (back || links[0]).focus();
  } else {
    links[Math.min(next, links.length - 1)].focus();
  }
});

// Enter in the search field opens the one result there is.
document.addEventListener("submit", (event) => {
  const field = event.target.querySelector("[data-walk]");
  if (!field || field.value !== field.dataset.answered) return;
  const links = document.querySelectorAll(`${field.dataset.walk} a[data-result]`);
  if (links.length === 1) {
    event.preventDefault();
    links[0].click();
  }
});
// Remember which words the results on screen answer, so that Enter never opens the answer to older words.
document.addEventListener("htmx:afterSettle", (event) => {
  const answered = event.target.querySelector?.("[data-answers]") || event.target.closest?.("[data-answers]");
  const field = document.querySelector("[data-walk]");
  if (answered && field) field.dataset.answered = answered.dataset.answers;
});

// "/" goes to the search field from anywhere; Escape closes an open menu.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const field = document.querySelector("input[type=search]");
    if (field) {
      event.preventDefault();
      field.focus();
      field.select();
    }
  }
  if (event.key === "Escape") {
    const menu = document.querySelector("details.larrey-menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
});
document.addEventListener("click", (event) => {
  const menu = document.querySelector("details.larrey-menu[open]");
  if (menu && !menu.contains(event.target)) menu.open = false;
});
// A part of a page that could not be had: show the whole page of that address, which says why.
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.requestConfig.verb === "get") window.location.assign(event.detail.pathInfo.finalRequestPath);
});
