"use strict";
// The commands of a page can be copied; "/" goes to the search. Nothing that stands in a record is read as HTML.
(function () {
  for (const button of document.querySelectorAll(".line .copy")) {
    button.hidden = false;
    const code = button.parentNode.querySelector("code"), label = button.textContent;
    button.addEventListener("click", async () => {
      let done = false;
      try { await navigator.clipboard.writeText(code.textContent); done = true; } catch { /* not allowed: it is selected instead */ }
      if (!done) getSelection().selectAllChildren(code);
      button.textContent = done ? "Copied" : "Selected: press Ctrl+C";
      setTimeout(() => (button.textContent = label), 2000);
    });
  }
  // On a phone the list comes first, and what narrows it is folded.
  if (matchMedia("(max-width: 56rem)").matches) for (const one of document.querySelectorAll("details.narrow")) one.open = false;
  document.addEventListener("keydown", (event) => {
    const at = document.activeElement;
    if (event.key !== "/" || event.ctrlKey || event.altKey || event.metaKey || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName)) return;
    event.preventDefault();
    document.querySelector(".find input").focus();
  });
})();
