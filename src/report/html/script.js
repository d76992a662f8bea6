
"use strict";
(() => {
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const unhide = element => { element.hidden = false; };

  // Copying: the command beside the button.
  const copied = (button, word) => {
    button.textContent = word;
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  };
  const copyBySelection = code => {
    const selection = getSelection();
    selection.selectAllChildren(code);
    const done = document.execCommand("copy");
    selection.removeAllRanges();
    return done;
  };
  all("button.copy").forEach(button => {
    unhide(button);
    button.addEventListener("click", async () => {
      const code = button.parentElement.querySelector("code");
      try {
        await navigator.clipboard.writeText(code.textContent);
        copied(button, "Copied");
      } catch {
        copied(button, copyBySelection(code) ? "Copied" : "Select it");
      }
    });
  });

  // What an address leads to is unfolded.
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let part = target; part; part = part.parentElement) {
      if (part.tagName === "DETAILS") part.open = true;
    }
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();

  // On paper nothing is folded.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = all("details:not([open])");
    folded.forEach(part => { part.open = true; });
  });
  addEventListener("afterprint", () => folded.forEach(part => { part.open = false; }));

  // The filters of the rules.
  const form = document.querySelector("form.filters");
  if (!form) return;
  unhide(form);
  const rows = all("table.matrix tbody tr");
  const buttons = all("button[data-verdict]", form);
  const level = form.querySelector("select");
  const search = form.querySelector("input");
  const status = form.querySelector("output");
  const texts = new Map(rows.map(row => [row, row.textContent.toLowerCase()]));
  const apply = () => {
    const verdicts = buttons
      .filter(button => button.getAttribute("aria-pressed") === "true")
      .map(button => button.dataset.verdict);
    const words = search.value.toLowerCase().split(" ").filter(Boolean);
    const isFiltered = verdicts.length + words.length + level.value.length !== 0;
    const fits = row =>
      (verdicts.length === 0 || verdicts.includes(row.dataset.verdict)) &&
      (level.value === "" || row.dataset.level === level.value) &&
      words.every(word => texts.get(row).includes(word));
    let shown = 0;
    rows.forEach(row => {
      row.hidden = !fits(row);
      shown += row.hidden ? 0 : 1;
    });
    all("details.area").forEach(area => {
      area.hidden = all("tbody tr:not([hidden])", area).length === 0;
      if (isFiltered) area.open = !area.hidden;
    });
    status.textContent = shown + " of " + rows.length + " rules";
  };
  buttons.forEach(button => button.addEventListener("click", () => {
    button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
    apply();
  }));
  form.addEventListener("input", apply);
  form.addEventListener("submit", event => event.preventDefault());
  form.addEventListener("reset", event => {
    event.preventDefault();
    buttons.forEach(button => button.setAttribute("aria-pressed", "false"));
    search.value = level.value = "";
    apply();
  });
  apply();
})();
