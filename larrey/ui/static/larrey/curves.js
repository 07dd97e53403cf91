// Results: curves drawn with uPlot. The numbers are in the page's table as well.

// "c" (see larrey.js) comes here from any page of the record.
if (window.location.hash === "#analyte") document.getElementById("analyte")?.focus();

// A choice that needs no button.
document.addEventListener("change", (event) => {
  if (event.target.matches("select[data-send]") && event.target.value) event.target.form.requestSubmit();
});

(() => {
  const place = document.getElementById("curves");
  const source = document.getElementById("curve-data");
  if (!place || !source || typeof uPlot === "undefined") return;
  const data = JSON.parse(source.textContent);
  if (!data.plots.length) return;
  const french = data.language === "fr";
  const locale = french ? "fr-FR" : "en-GB";
  const numbers = new Intl.NumberFormat(locale, { maximumSignificantDigits: 6 });
  const paris = "Europe/Paris";
  const reading = document.getElementById("reading");
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const times = data.plots.flatMap((plot) => plot.lines.flatMap((line) => line.points.map((point) => point.x)));
  let from = data.since ?? Math.min(...times);
  let to = data.until ?? Math.max(...times);
  from = Math.min(from, ...times);
  to = Math.max(to, ...times);
  const margin = Math.max((to - from) * 0.03, 3600);
  const range = [from - margin, to + margin];

  const labels = (u, splits) => {
    const span = splits.length > 1 ? splits[1] - splits[0] : 86400;
    const options =
      span < 86400 ? { day: "2-digit", month: "2-digit", hour: "2-digit", minute: "2-digit" }
      : span < 86400 * 25 ? { day: "2-digit", month: "2-digit" }
      : span < 86400 * 300 ? { month: "short", year: "numeric" }
      : { year: "numeric" };
    const written = new Intl.DateTimeFormat(locale, { ...options, timeZone: paris });
    return splits.map((at) => written.format(new Date(at * 1000)));
  };

  const marked = (point) => point.mark !== "";
  const DASHES = [[], [6, 4], [2, 3]];
  const shown = [];

  function bounds(plot) {
    const values = [];
    for (const line of plot.lines) {
      values.push(...line.points.map((point) => point.y));
      if (plot.lines.length === 1) values.push(...[line.low, line.high].filter((bound) => bound !== null));
    }
    const low = Math.min(...values), high = Math.max(...values);
    const air = (high - low || Math.abs(high) || 1) * 0.12;
    return [low >= 0 ? Math.max(0, low - air) : low - air, high + air];
  }

  // Stays behind the curve, the usual values as a band; abnormal points filled, with their arrow.
  function background(plot) {
    return (u) => {
      const { ctx, bbox } = u;
      ctx.save();
      ctx.beginPath();
      ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
      ctx.clip();
      ctx.fillStyle = colour("--larrey-stay");
      for (const stay of data.stays) {
        const left = u.valToPos(stay.start, "x", true), right = u.valToPos(stay.end, "x", true);
        if (right < bbox.left || left > bbox.left + bbox.width) continue;
        ctx.fillRect(left, bbox.top, Math.max(right - left, 2), bbox.height);
      }
      if (plot.lines.length === 1) {
        const { low, high } = plot.lines[0];
        if (low !== null || high !== null) {
          const top = high === null ? bbox.top : u.valToPos(high, "y", true);
          const bottom = low === null ? bbox.top + bbox.height : u.valToPos(low, "y", true);
          ctx.fillStyle = colour("--larrey-band");
          ctx.fillRect(bbox.left, top, bbox.width, bottom - top);
        }
      }
      ctx.restore();
    };
  }

  function marks(plot) {
    return (u) => {
      const { ctx } = u;
      const ratio = window.devicePixelRatio || 1;
      ctx.save();
      ctx.textAlign = "center";
      ctx.font = `700 ${12 * ratio}px system-ui, sans-serif`;
      for (const line of plot.lines) {
        for (const point of line.points.filter(marked)) {
          const x = u.valToPos(point.x, "x", true), y = u.valToPos(point.y, "y", true);
          ctx.fillStyle = colour("--larrey-high");
          ctx.beginPath();
          ctx.arc(x, y, 4 * ratio, 0, 2 * Math.PI);
          ctx.fill();
          if (line.points.length <= 60) ctx.fillText(point.sign, x, y + (point.mark.includes("low") ? 16 : -8) * ratio);
        }
      }
      ctx.restore();
    };
  }

  function aligned(plot) {
    const at = [...new Set(plot.lines.flatMap((line) => line.points.map((point) => point.x)))].sort((a, b) => a - b);
    const byTime = plot.lines.map((line) => new Map(line.points.map((point) => [point.x, point])));
    return { at, byTime, columns: [at, ...byTime.map((points) => at.map((x) => points.get(x)?.y))] };
  }

  function draw(plot, index) {
    const box = document.createElement("div");
    box.className = "larrey-plot";
    const title = document.createElement("h2");
    for (const [number, line] of plot.lines.entries()) {
      const name = document.createElement("b");
      const stroke = document.createElement("i");
      if (number) stroke.className = "larrey-second";
      name.append(stroke, line.label);
      title.append(name);
      if (plot.lines.length === 1 && line.range) {
        const usual = document.createElement("span");
        usual.textContent = `${place.dataset.usual} ${line.range}`;
        title.append(usual);
      }
    }
    const unit = document.createElement("span");
    unit.textContent = plot.unit;
    title.append(unit);
    const canvas = document.createElement("div");
    canvas.className = "larrey-canvas";
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "application");
    canvas.setAttribute("aria-label", `${place.dataset.of} ${plot.lines.map((line) => line.label).join(", ")}. ${place.dataset.hint}`);
    box.append(title, canvas);
    place.insertBefore(box, reading);

    const { at, byTime, columns } = aligned(plot);
    const axis = { stroke: () => colour("--larrey-muted"), grid: { stroke: () => colour("--larrey-grid"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
    const size = () => ({ width: Math.max(place.clientWidth - 24, 240), height: data.plots.length === 1 ? Math.max(260, Math.min(420, window.innerHeight - 330)) : 190 });
    const chart = new uPlot(
      {
        ...size(),
        padding: [18, 12, 0, 0],
        legend: { show: false },
        cursor: { sync: { key: "larrey" }, drag: { x: false, y: false }, points: { size: 11 }, y: false },
        scales: { x: { time: true, range: () => range }, y: { range: () => bounds(plot) } },
        axes: [
          { ...axis, values: labels, space: 90, size: 34 },
          { ...axis, size: 58, values: (u, splits) => splits.map((value) => numbers.format(value)) },
        ],
        series: [
          {},
          ...plot.lines.map((line, number) => ({
            label: line.label,
            stroke: () => colour("--larrey-line"),
            width: 1.75,
            dash: DASHES[number % DASHES.length],
            spanGaps: true,
            points: { show: line.points.length <= 120, size: 6, fill: () => colour("--larrey-line") },
          })),
        ],
        hooks: {
          drawClear: [background(plot)],
          draw: [marks(plot)],
          setCursor: [(u) => { if (u.cursor.event && u.cursor.idx != null) say(u.cursor.idx, false); }],
        },
      },
      columns,
      canvas,
    );
    shown.push(chart);
    new ResizeObserver(() => chart.setSize(size())).observe(place);

    function say(position, spoken) {
      const found = byTime.map((points, number) => [plot.lines[number], points.get(at[position])]).filter(([, point]) => point);
      if (!found.length) return;
      const words = found.map(([line, point]) => `${plot.lines.length > 1 || data.plots.length > 1 ? `${line.label} ` : ""}${point.words}`);
      reading.setAttribute("aria-live", spoken ? "polite" : "off");
      reading.textContent = `${found[0][1].when} : ${words.join(" · ")}`;
    }

    let position = at.length - 1;
    const go = (next) => {
      position = Math.max(0, Math.min(at.length - 1, next));
      const value = columns.slice(1).map((column) => column[position]).find((each) => each != null);
      chart.setCursor({ left: chart.valToPos(at[position], "x"), top: value == null ? 0 : chart.valToPos(value, "y") }, false);
      say(position, true);
    };
    canvas.addEventListener("focus", () => go(position));
    canvas.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const moves = { ArrowLeft: position - 1, ArrowRight: position + 1, Home: 0, End: at.length - 1 };
      if (event.key in moves) {
        event.preventDefault();
        event.stopPropagation();
        go(moves[event.key]);
      } else if (event.key === "Enter") {
        const point = byTime.map((points) => points.get(at[position])).find((each) => each);
        if (point) window.location.assign(point.to);
      }
    });
    if (index === 0) position = at.length - 1;
  }

  place.hidden = false;
  data.plots.forEach(draw);
  const hint = document.createElement("p");
  hint.className = "larrey-hint";
  hint.textContent = place.dataset.hint;
  place.append(hint);
  // Another theme is drawn with its own colours.
  new MutationObserver(() => shown.forEach((chart) => chart.redraw())).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
})();
