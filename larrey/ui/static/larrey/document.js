// PDF documents in the page, with pdf.js: pages are drawn as they come into sight, and their text lies over them.
// Without this file the links of the page open or download the PDF.

const WIDEST = 1100; // CSS pixels of a page at "page width"
const STEPS = [0.5, 0.75, 1, 1.25, 1.5, 2, 3];

for (const place of document.querySelectorAll("[data-pdf]")) show(place).catch((error) => fail(place, error));

function fail(place, error) {
  console.info(error);
  const said = document.createElement("p");
  said.className = "larrey-pdf-link";
  said.setAttribute("role", "alert");
  said.textContent = place.dataset.broken;
  place.querySelector(".larrey-pdf-pages")?.remove();
  place.append(said);
}

function button(label, sign, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "btn btn-sm";
  made.title = label;
  made.setAttribute("aria-label", label);
  made.textContent = sign;
  made.addEventListener("click", act);
  return made;
}

async function show(place) {
  const pdfjs = await import(place.dataset.library);
  pdfjs.GlobalWorkerOptions.workerSrc = place.dataset.worker;
  const pdf = await pdfjs.getDocument({
    url: place.dataset.pdf,
    withCredentials: true,
    verbosity: pdfjs.VerbosityLevel.ERRORS,
    isEvalSupported: false,
    enableXfa: false,
    useWasm: false, // the page's policy compiles none; decoders in plain JavaScript stand in
    wasmUrl: place.dataset.decoders,
    standardFontDataUrl: place.dataset.fonts,
    useSystemFonts: false, // the widths of the PDF are those of the fonts that come with the library
    disableAutoFetch: true,
    disableStream: true,
    disableRange: true,
    stopAtErrors: false,
  }).promise;

  const tools = document.createElement("div");
  tools.className = "larrey-pdf-tools";
  const where = document.createElement("span");
  where.className = "larrey-pdf-place";
  const pages = document.createElement("div");
  pages.className = "larrey-pdf-pages";
  pages.tabIndex = 0;
  pages.setAttribute("role", "region");
  pages.setAttribute("aria-label", place.dataset.label);
  tools.append(
    button(place.dataset.smaller, "−", () => zoom(-1)),
    button(place.dataset.larger, "+", () => zoom(1)),
    button(place.dataset.fit, "↔", () => zoom(0)),
    where,
    place.querySelector(".larrey-pdf-link"),
  );
  place.append(tools, pages);

  let factor = 1;
  const first = await pdf.getPage(1);
  const natural = first.getViewport({ scale: 1 });
  const sheets = [];
  for (let number = 1; number <= pdf.numPages; number++) {
    const sheet = document.createElement("div");
    sheet.className = "larrey-pdf-page";
    sheet.dataset.number = number;
    sheet.setAttribute("role", "group");
    sheet.setAttribute("aria-label", said(number));
    pages.append(sheet);
    sheets.push({ sheet, number, size: natural, drawn: 0, task: null });
  }

  function said(number) {
    return place.dataset.page.replace("{number}", number).replace("{total}", pdf.numPages);
  }
  function scale(size) {
    return (Math.min(pages.clientWidth - 26, WIDEST) / size.width) * factor;
  }
  function measure(each) {
    const found = scale(each.size);
    each.sheet.style.setProperty("--total-scale-factor", found);
    each.sheet.style.setProperty("--scale-round-x", "1px");
    each.sheet.style.setProperty("--scale-round-y", "1px");
    each.sheet.style.width = `${Math.floor(each.size.width * found)}px`;
    each.sheet.style.height = `${Math.floor(each.size.height * found)}px`;
  }

  async function draw(each) {
    const found = scale(each.size);
    if (each.drawn === found) return;
    each.drawn = found;
    each.task?.cancel();
    const page = await pdf.getPage(each.number);
    const own = page.getViewport({ scale: 1 });
    if (own.width !== each.size.width || own.height !== each.size.height) {
      each.size = own;
      measure(each);
      each.drawn = scale(own);
    }
    const viewport = page.getViewport({ scale: each.drawn });
    const ratio = Math.min(window.devicePixelRatio || 1, 3);
    const canvas = document.createElement("canvas");
    canvas.width = Math.floor(viewport.width * ratio);
    canvas.height = Math.floor(viewport.height * ratio);
    canvas.setAttribute("aria-hidden", "true");
    const layer = document.createElement("div");
    layer.className = "textLayer";
    try {
      each.task = page.render({ canvas, viewport, transform: ratio === 1 ? null : [ratio, 0, 0, ratio, 0, 0], annotationMode: pdfjs.AnnotationMode.DISABLE });
      await each.task.promise;
    } catch (error) {
      if (error?.name === "RenderingCancelledException") return;
      throw error;
    }
    each.sheet.replaceChildren(canvas, layer);
    await new pdfjs.TextLayer({ textContentSource: page.streamTextContent({ includeMarkedContent: true }), container: layer, viewport }).render();
  }
  function forget(each) {
    each.task?.cancel();
    each.drawn = 0;
    each.sheet.replaceChildren();
  }

  const seen = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        const each = sheets[Number(entry.target.dataset.number) - 1];
        if (entry.isIntersecting) draw(each).catch((error) => console.info(error));
        else if (each.drawn) forget(each);
      }
    },
    { root: pages, rootMargin: "600px 0px" },
  );

  function now() {
    const middle = pages.scrollTop + pages.clientHeight / 3;
    const at = sheets.findLast?.((each) => each.sheet.offsetTop <= middle) ?? sheets[0];
    where.textContent = said(at.number);
  }
  function again() {
    for (const each of sheets) measure(each);
    for (const each of sheets) if (each.drawn) draw(each).catch((error) => console.info(error));
    now();
  }
  function zoom(step) {
    const middle = pages.scrollTop / Math.max(pages.scrollHeight, 1);
    if (step === 0) factor = 1;
    else {
      const at = STEPS.findIndex((each) => each >= factor);
      factor = STEPS[Math.max(0, Math.min(STEPS.length - 1, at + step))];
    }
    again();
    pages.scrollTop = middle * pages.scrollHeight;
  }

  again();
  for (const each of sheets) seen.observe(each.sheet);
  pages.addEventListener("scroll", now, { passive: true });
  pages.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "+" || event.key === "-") {
      event.preventDefault();
      zoom(event.key === "+" ? 1 : -1);
    }
  });
  let width = pages.clientWidth;
  new ResizeObserver(() => {
    if (pages.clientWidth !== width) {
      width = pages.clientWidth;
      again();
    }
  }).observe(pages);
}
