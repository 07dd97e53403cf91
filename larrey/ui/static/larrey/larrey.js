// What HTML alone does not do. Every page works without this file.

// Arrow keys (and j, k) walk through a list of links: from the search field into its results and back; Enter opens.
const typing = (target) => target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
const alone = (event) => !(event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented);
document.addEventListener("keydown", (event) => {
  const letter = !typing(event.target) && { j: "ArrowDown", k: "ArrowUp" }[event.key];
  const key = letter || event.key;
  if (key !== "ArrowDown" && key !== "ArrowUp") return;
  if (!alone(event) || event.shiftKey || document.querySelector("dialog[open]")) return;
  const field = event.target.closest("[data-walk]");
  const within = field ? document.querySelector(field.dataset.walk) : event.target.closest("[data-walked]");
  // A letter begins with the first list of the page; arrows are left to scrolling until a list has the focus.
  const list = within || (letter && document.querySelector("main [data-walked]"));
  if (!list) return;
  const links = [...list.querySelectorAll("a[href]:not([data-walk-skip])")].filter((link) => link.getClientRects().length);
  if (!links.length) return;
  const at = links.indexOf(document.activeElement);
  const next = at + (key === "ArrowDown" ? 1 : -1);
  event.preventDefault();
  if (next < 0) {
    const back = document.querySelector(`[data-walk="#${list.id}"]`);
    (back || links[0]).focus();
  } else {
    links[Math.min(next, links.length - 1)].focus();
  }
});

// "?" shows the shortcuts, digits go to the sections of a record, "u" goes back. None of them changes anything.
document.addEventListener("keydown", (event) => {
  if (!alone(event) || typing(event.target) || document.querySelector("dialog[open]")) return;
  const section = /^[1-9]$/.test(event.key) && document.querySelector(`[data-digit="${event.key}"]`);
  if (section) {
    event.preventDefault();
    section.click();
  } else if (event.key === "?") {
    event.preventDefault();
    document.getElementById("shortcuts")?.showModal();
  } else if (event.key === "c") {
    // To the field that finds an analyte and its curve, from any page of a record.
    const field = document.getElementById("analyte");
    const results = document.querySelector('.larrey-sections a[href$="/results"]');
    if (!field && !results) return;
    event.preventDefault();
    if (field) {
      field.focus();
      field.select();
    } else window.location.assign(`${results.href}#analyte`);
  } else if (event.key === "u") {
    const back = document.querySelector("[data-back]");
    if (back) back.click();
  }
});
document.addEventListener("click", (event) => {
  const dialog = event.target.closest("[data-shortcuts]") && document.getElementById("shortcuts");
  if (!dialog) return;
  event.preventDefault();
  dialog.showModal();
});

// The height of what stays on top, for what sticks under it.
const top_ = document.querySelector(".larrey-top");
if (top_) {
  const measure = () => document.documentElement.style.setProperty("--larrey-under", `${top_.offsetHeight}px`);
  new ResizeObserver(measure).observe(top_);
  measure();
}

// Enter in the search field opens the one result there is, or goes to the first of several. Before the answer to the
// words typed has come, it waits for it: never the answer to older words.
const openResult = (field) => {
  const links = document.querySelectorAll(`${field.dataset.walk} a[data-result]`);
  if (links.length === 1) links[0].click();
  else links[0]?.focus();
};
document.addEventListener("submit", (event) => {
  const field = event.target.querySelector("[data-walk]");
  if (!field || !window.htmx) return;
  event.preventDefault();
  if (field.value.trim() === field.dataset.answered) openResult(field);
  else field.dataset.awaited = field.value.trim();
});
document.addEventListener("input", (event) => {
  if (event.target.dataset?.walk) delete event.target.dataset.awaited;
});
// Remember which words the results on screen answer.
document.addEventListener("htmx:afterSettle", (event) => {
  const answered = event.target.querySelector?.("[data-answers]") || event.target.closest?.("[data-answers]");
  const field = document.querySelector("[data-walk]");
  if (!answered || !field) return;
  field.dataset.answered = answered.dataset.answers;
  if (field.dataset.awaited === field.dataset.answered) {
    delete field.dataset.awaited;
    openResult(field);
  }
});

// What was typed before the scripts were there is answered too.
window.addEventListener("load", () => {
  const field = document.querySelector("[data-walk][hx-get]");
  if (!field || !window.htmx || field.value === field.defaultValue || field.dataset.answered === field.value.trim()) return;
  const address = `${field.getAttribute("hx-get")}?q=${encodeURIComponent(field.value)}`;
  window.htmx.ajax("GET", address, { source: field, target: field.dataset.walk });
});

// "/" goes to the search field from anywhere; Escape closes an open menu.
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && alone(event) && !typing(event.target) && !document.querySelector("dialog[open]")) {
    const field = document.getElementById("q");
    if (field) {
      event.preventDefault();
      field.focus();
      field.select();
    }
  }
  if (event.key === "Escape") {
    const menu = document.querySelector("details.larrey-menu[open]");
    if (menu && !document.querySelector("dialog[open]")) {
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

// What is printed is told to the trace: as the browser prints, whether by the button of the page or by its own command.
const printing = document.querySelector("form[data-print]");
if (printing) {
  printing.addEventListener("submit", (event) => {
    event.preventDefault();
    window.print();
  });
  window.addEventListener("beforeprint", () => {
    const told = new FormData(printing);
    told.set("page", window.location.pathname + window.location.search);
    told.set("beacon", "1");
    navigator.sendBeacon(printing.action, told);
  });
}
