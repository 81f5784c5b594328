"use strict";
// The page of the evidence map: counts anew what its filters leave, opens cells, draws the years. Nothing that stands in
// a record is ever read as HTML: every text goes through textContent.
(function () {
  const D = JSON.parse(document.getElementById("data").textContent);
  const el = (id) => document.getElementById(id);
  const make = (name, props, ...inside) => {
    const made = Object.assign(document.createElement(name), props || {});
    made.append(...inside.filter((one) => one !== null && one !== ""));
    return made;
  };
  const plural = (n, one, many) => n.toLocaleString("en") + " " + (n === 1 ? one : many || one + "s");

  // A tag finds what stands below it: each place with its parents.
  const closed = (lines) => lines.map((_, place) => {
    const found = [];
    for (let at = place; at >= 0; at = lines[at].parent) found.push(at);
    return found;
  });
  const ups = { r: closed(D.rows), c: closed(D.columns), t: closed(D.tags) };
  const spread = (own, up) => [...new Set(own.flatMap((place) => up[place]))];
  const NR = D.rows.length, NC = D.columns.length; // these places stand for none; one more for all
  const papers = D.papers.map(([pmid, year, flags, r, c, t, languages, trial]) => {
    const rows = spread(r, ups.r), columns = spread(c, ups.c);
    return { pmid, year, trial, languages, own: r, columnsOwn: c, tags: new Set(spread(t, ups.t)),
      retracted: !!(flags & 1), isNew: !!(flags & 2),
      rows: rows.length ? rows : [NR], columns: columns.length ? columns : [NC] };
  });

  const state = { tags: new Map(), from: null, to: null, language: "", counted: D.counted };
  const passes = (paper) => {
    for (const place of state.tags.values()) if (!paper.tags.has(place)) return false;
    if (state.from !== null && !(paper.year && paper.year >= state.from)) return false;
    if (state.to !== null && !(paper.year && paper.year <= state.to)) return false;
    return !state.language || paper.languages.includes(state.language);
  };

  // The same selection for a shell; as shlex.quote writes it.
  const quoted = (word) => /^[\w@%+=:,./-]+$/.test(word) && !/[^\x00-\x7f]/.test(word) ? word : "'" + word.replaceAll("'", "'\"'\"'") + "'";
  const later = (one, other) => one === null ? other : other === null ? one : Math.max(one, other);
  const earlier = (one, other) => one === null ? other : other === null ? one : Math.min(one, other);
  const command = (r, c) => {
    const words = ["reftrack", "list", ...D.base];
    for (const place of state.tags.values()) words.push("--tag", D.tags[place].tag);
    const from = later(D.years[0], state.from), to = earlier(D.years[1], state.to);
    if (from !== null || to !== null) words.push("--year", from === to ? String(from) : (from ?? "") + ".." + (to ?? ""));
    if (state.language) words.push("--language", state.language);
    for (const [facet, lines, place] of [[D.facets[0], D.rows, r], [D.facets[1], D.columns, c]]) {
      if (place === lines.length && facet === "study") words.push("--study", "none");
      else if (place === lines.length) lines.forEach((line) => line.parent < 0 && words.push("--not-tag", line.tag));
      if (place < lines.length) words.push(facet === "study" ? "--study" : "--tag", lines[place].tag);
    }
    if (D.text) words.push(...(/^[-+]/.test(D.text) ? ["--", D.text] : [D.text]));
    return words.map(quoted).join(" ");
  };

  const label = (lines, place, facet) =>
    place < lines.length ? lines[place].label : place === lines.length ? "no tag of " + facet : "all";
  const nameOf = (r, c) => label(D.rows, r, D.facets[0]) + ", " + label(D.columns, c, D.facets[1]);
  const told = (count) => {
    if (!count.papers) return "no paper, a gap";
    const parts = [plural(count.papers, "paper"), plural(count.trials.size, "trial")];
    if (count.fresh) parts.push(count.fresh.toLocaleString("en") + " new");
    if (count.retracted) parts.push(count.retracted.toLocaleString("en") + " retracted");
    return parts.join(", ");
  };

  let counts = new Map(), shown = [];
  const at = (r, c) => counts.get(r * 10000 + c) || { papers: 0, trials: new Set(), fresh: 0, retracted: 0 };
  const count = () => {
    counts = new Map();
    shown = papers.filter(passes);
    for (const paper of shown)
      for (const r of [...paper.rows, NR + 1])
        for (const c of [...paper.columns, NC + 1]) {
          const key = r * 10000 + c;
          let cell = counts.get(key);
          if (!cell) counts.set(key, (cell = { papers: 0, trials: new Set(), fresh: 0, retracted: 0 }));
          cell.papers += 1;
          if (paper.trial >= 0) cell.trials.add(paper.trial);
          cell.fresh += paper.isNew;
          cell.retracted += paper.retracted;
        }
  };
  const number = (cell) => (state.counted === "trials" ? cell.trials.size : cell.papers);

  // Cells: one of them is reached by Tab, the others by arrows.
  const table = el("map"), cells = [...table.querySelectorAll("td[data-r]")];
  let current = null;
  for (const td of cells) {
    td.r = Number(td.dataset.r);
    td.c = Number(td.dataset.c);
    td.button = make("button", { type: "button", tabIndex: -1 });
    td.button.td = td;
    td.button.setAttribute("aria-haspopup", "dialog");
    td.replaceChildren(td.button);
  }
  const visible = () => {
    const rows = [...table.tBodies[0].rows].filter((row) => !row.hidden);
    return rows.map((row) => [...row.querySelectorAll("td[data-r]")].filter((td) => !td.hidden));
  };
  const becomes = (td) => {
    if (current) current.button.tabIndex = -1;
    current = td;
    if (td) td.button.tabIndex = 0;
  };
  table.addEventListener("focusin", (event) => event.target.td && becomes(event.target.td));
  table.addEventListener("keydown", (event) => {
    const td = event.target.td, steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    if (!td || event.altKey || event.metaKey) return;
    const grid = visible(), row = grid.findIndex((line) => line.includes(td)), column = grid[row].indexOf(td);
    let to = null;
    if (steps[event.key] && !event.ctrlKey) to = grid[row + steps[event.key][0]]?.[column + steps[event.key][1]];
    else if (event.key === "Home") to = (event.ctrlKey ? grid[0] : grid[row])[0];
    else if (event.key === "End") to = (event.ctrlKey ? grid.at(-1) : grid[row]).at(-1);
    else return;
    event.preventDefault();
    if (to) to.button.focus();
  });
  table.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button && button.td) open(button.td);
  });

  // Drawn by the style: the button's name says it in words already.
  const mark = (name, text) => {
    const made = make(name, {});
    made.dataset.n = text;
    return made;
  };
  const update = () => {
    count();
    let most = 1;
    for (const td of cells) if (td.r < NR && td.c < NC) most = Math.max(most, number(at(td.r, td.c)));
    for (const td of cells) {
      const cell = at(td.r, td.c), n = number(cell), sum = td.r > NR || td.c > NC, none = td.r === NR || td.c === NC;
      const step = n < 1 || most <= 1 ? 0 : Math.min(4, Math.floor((Math.log(n) / Math.log(most)) * 5));
      td.className = !cell.papers ? "gap" : [sum ? "sum" : none ? "" : "s" + (step + 1), cell.fresh && !sum ? "new" : ""].join(" ").trim();
      td.button.setAttribute("aria-label", nameOf(td.r, td.c) + ": " + told(cell));
      td.title = nameOf(td.r, td.c) + ": " + told(cell);
      td.button.replaceChildren(cell.papers ? n.toLocaleString("en") : "·");
      if (cell.fresh && !sum) td.button.append(mark("sup", "+" + cell.fresh.toLocaleString("en")));
      if (cell.retracted) td.button.append(mark("s", cell.retracted.toLocaleString("en")));
    }
    const all = at(NR + 1, NC + 1), narrowed = shown.length !== papers.length;
    el("shown").textContent = (narrowed ? "Shown: " + shown.length.toLocaleString("en") + " of " + plural(papers.length, "paper") : plural(papers.length, "paper"))
      + ", " + plural(all.trials.size, "trial") + (all.fresh ? ", " + all.fresh.toLocaleString("en") + " new" : "")
      + (all.retracted ? ", " + all.retracted.toLocaleString("en") + " retracted" : "") + ".";
    el("command").textContent = command(NR + 1, NC + 1);
    gaps();
    years();
    arrange();
  };

  const arrange = () => {
    const everything = el("everything").checked;
    const lone = (r, c) => everything || at(r, c).papers > 0;
    for (const row of table.tBodies[0].rows) row.hidden = !(row.dataset.r > NR || lone(Number(row.dataset.r), NC + 1));
    for (const cell of table.querySelectorAll("[data-c]")) cell.hidden = !(cell.dataset.c > NC || lone(NR + 1, Number(cell.dataset.c)));
    for (const row of table.tBodies[0].rows) if (Number(row.dataset.r) === NR) row.hidden = !at(NR, NC + 1).papers;
    for (const cell of table.querySelectorAll("[data-c='" + NC + "']")) cell.hidden = !at(NR + 1, NC).papers;
    const grid = visible();
    if (!current || !grid.some((line) => line.includes(current))) becomes(grid[0]?.[0] || null);
  };

  const gaps = () => {
    const list = el("gaps"), columns = D.columns.map((_, c) => c).filter((c) => at(NR + 1, c).papers);
    const rows = D.rows.map((_, r) => r).filter((r) => at(r, NC + 1).papers);
    let empty = 0;
    list.replaceChildren(...rows.flatMap((r) => {
      const missing = columns.filter((c) => !at(r, c).papers);
      empty += missing.length;
      return missing.length ? [make("li", {}, make("b", { textContent: D.rows[r].label }), ": no paper in "
        + missing.map((c) => D.columns[c].label).join("; "))] : [];
    }));
    const absent = (facet, lines, papersOf) => {
      const none = lines.filter((_, place) => !papersOf(place));
      if (none.length) list.append(make("li", {}, make("b", { textContent: "No paper at all" }), " (" + facet + "): " + none.map((line) => line.label).join("; ")));
    };
    absent(D.facets[0], D.rows, (r) => at(r, NC + 1).papers);
    absent(D.facets[1], D.columns, (c) => at(NR + 1, c).papers);
    el("gaps-told").textContent = empty.toLocaleString("en") + " of " + plural(rows.length * columns.length, "cell")
      + " where a row and a column with papers meet hold none.";
  };

  let chart = null;
  const years = () => {
    const found = new Map();
    let without = 0;
    for (const paper of shown) if (paper.year) found.set(paper.year, (found.get(paper.year) || 0) + 1); else without += 1;
    const known = [...found.keys()], first = Math.min(...known), last = Math.max(...known), span = [];
    for (let year = first; known.length && year <= last; year += 1) span.push(year);
    el("years-table").tBodies[0].replaceChildren(...span.filter((year) => found.has(year)).reverse().map((year) => make("tr", {},
      Object.assign(make("th", { textContent: year }), { scope: "row" }), make("td", { textContent: found.get(year).toLocaleString("en") }))),
      ...(without ? [make("tr", {}, make("th", { textContent: "no year" }), make("td", { textContent: without }))] : []));
    const box = el("years");
    box.hidden = !span.length;
    if (!span.length) return;
    const peak = span.reduce((best, year) => ((found.get(year) || 0) > (found.get(best) || 0) ? year : best), span[0]);
    const said = "Papers per year, " + first + " to " + last + "; most in " + peak + ": " + found.get(peak) + ".";
    const width = box.clientWidth || 800, every = Math.ceil(span.length / Math.max(1, Math.floor(width / 52)));
    const thick = Math.max(2, Math.min(26, (width - 60) / span.length - 3));
    const data = { labels: span, series: [span.map((year) => found.get(year) || 0)] };
    const options = { height: "13rem", chartPadding: { top: 18, right: 8, bottom: 0, left: 4 }, low: 0,
      axisY: { onlyInteger: true, offset: 34, scaleMinSpace: 28 },
      axisX: { showGrid: false, labelInterpolationFnc: (year, place) => (place % every ? null : String(year)) } };
    if (chart) chart.detach();
    box.replaceChildren();
    chart = new Chartist.BarChart(box, data, options);
    chart.on("draw", (part) => {
      if (part.type !== "bar") return;
      part.element.attr({ "stroke-width": thick });
      const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
      title.textContent = span[part.index] + ": " + plural(part.value.y ?? data.series[0][part.index], "paper");
      part.element.getNode().append(title);
    });
    chart.on("created", () => {
      const svg = box.querySelector("svg");
      svg.setAttribute("role", "img");
      svg.setAttribute("aria-label", said + " The table below has every year.");
    });
  };

  // What a cell holds.
  const dialog = el("cell"), STEP = 50;
  const paperItem = (paper, r) => {
    const text = D.texts[paper.pmid], li = make("li", { className: [paper.isNew ? "new" : "", paper.retracted ? "retracted" : ""].join(" ").trim() });
    const place = D.paper ? { href: D.paper + paper.pmid }
      : { href: "https://pubmed.ncbi.nlm.nih.gov/" + paper.pmid + "/", rel: "noopener noreferrer", target: "_blank" };
    const link = make("a", place,
      make("bdi", { textContent: text && text[1] ? text[1] : "PMID " + paper.pmid }));
    const head = make("h3", {});
    if (paper.retracted) head.append(make("span", { className: "tagged is-retracted", textContent: "Retracted" }));
    if (paper.isNew) head.append(make("span", { className: "tagged is-new", textContent: "New" }));
    head.append(paper.retracted ? make("s", {}, link) : link);
    li.append(head);
    const studies = D.facets[1] === "study" ? paper.columnsOwn.map((c) => D.columns[c].label)
      : D.facets[0] === "study" ? paper.own.map((one) => D.rows[one].label) : [];
    const source = make("p", { className: "source" });
    [text && text[2], text && text[3], paper.year || "no year", ...studies, "PMID " + paper.pmid].filter(Boolean)
      .forEach((part, place) => source.append(place ? " · " : "", make("bdi", { textContent: part })));
    if (text && text[0]) source.append(" · ", make("code", { textContent: text[0] }));
    li.append(source);
    const wanted = paper.own.filter((one) => r > NR || ups.r[one].includes(r)), seen = new Set();
    for (const one of text ? wanted : [])
      for (const place of text[4][one] || []) {
        if (seen.has(place)) continue;
        seen.add(place);
        const [where, ...pieces] = text[5][place], why = make("p", { className: "why" }, make("small", { textContent: where }));
        const said = make("bdi", {});
        pieces.forEach((piece, turn) => piece && said.append(turn % 2 ? make("mark", { textContent: piece }) : piece));
        why.append(said);
        li.append(why);
      }
    return li;
  };
  const copier = (button, source) => button.addEventListener("click", async () => {
    const text = el(source).textContent;
    let done = false;
    try { await navigator.clipboard.writeText(text); done = true; } catch { /* not allowed: it is selected instead */ }
    if (!done) getSelection().selectAllChildren(el(source));
    button.textContent = done ? "Copied" : "Selected: press Ctrl+C";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  const open = (td) => {
    const { r, c } = td, cell = at(r, c);
    const inside = shown.filter((paper) => (r > NR || paper.rows.includes(r)) && (c > NC || paper.columns.includes(c)));
    el("cell-title").textContent = label(D.rows, r, D.facets[0]) + " × " + label(D.columns, c, D.facets[1]);
    el("cell-told").textContent = cell.papers ? told(cell) + "." : "A gap: no paper stands here.";
    const line = command(r, c);
    el("cell-command").textContent = line;
    const list = el("cell-papers"), more = el("cell-more");
    list.replaceChildren();
    const next = () => {
      const from = list.children.length;
      for (const paper of inside.slice(from, from + STEP)) list.append(paperItem(paper, r));
      const rest = inside.length - list.children.length;
      more.hidden = rest <= 0;
      more.textContent = "Show " + Math.min(STEP, rest) + " more of " + plural(rest, "paper");
    };
    more.onclick = () => { const from = list.children.length; next(); list.children[from]?.querySelector("a")?.focus(); };
    next();
    dialog.td = td;
    dialog.showModal();
    dialog.scrollTop = 0;
    el("cell-close").focus();
  };
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  el("cell-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.td && dialog.td.button.focus());
  copier(el("cell-copy"), "cell-command");
  copier(el("copy"), "command");

  // Filters.
  for (const select of document.querySelectorAll("select[data-facet]"))
    select.addEventListener("change", () => {
      if (select.value === "") state.tags.delete(select.dataset.facet);
      else state.tags.set(select.dataset.facet, Number(select.value));
      update();
    });
  // Where no paper has a year there is nothing to narrow. Years outside those of the map leave no command that lists as
  // many papers, so the nearest that it has is taken.
  const year = (id, name) => el(id)?.addEventListener("change", () => {
    const value = el(id).valueAsNumber, known = Number.isInteger(value) && value >= 1000 && value <= 9999;
    state[name] = known ? earlier(D.years[1], later(D.years[0], value)) : null;
    el(id).value = state[name] ?? "";
    if (state.from !== null && state.to !== null && state.from > state.to) {
      [state.from, state.to] = [state.to, state.from];
      el("from").value = state.from;
      el("to").value = state.to;
    }
    update();
  });
  year("from", "from");
  year("to", "to");
  if (el("language")) el("language").addEventListener("change", () => { state.language = el("language").value; update(); });
  for (const radio of document.querySelectorAll("input[name=counted]"))
    radio.addEventListener("change", () => { state.counted = radio.value; update(); });
  el("everything").addEventListener("change", arrange);
  el("reset").addEventListener("click", () => {
    state.tags.clear();
    Object.assign(state, { from: null, to: null, language: "" });
    for (const field of document.querySelectorAll("#narrow select, #narrow input[type=number]")) field.value = "";
    update();
  });
  el("narrow").addEventListener("submit", (event) => event.preventDefault());
  el("narrow").hidden = el("line").hidden = el("everything-box").hidden = false;
  table.removeAttribute("data-still");
  update();
})();
