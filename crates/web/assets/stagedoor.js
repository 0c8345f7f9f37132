// Comfort on top of pages that work without it.
"use strict";

// A button that copies a command: <details class="twin cli" data-copy="Copy" data-copied="Copied">.
for (const cli of document.querySelectorAll(".cli[data-copy]")) {
  const code = cli.querySelector("code");
  if (!code || !navigator.clipboard) continue;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet small copy";
  button.textContent = cli.dataset.copy;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = cli.dataset.copied;
    setTimeout(() => (button.textContent = cli.dataset.copy), 2000);
  });
  code.before(button);
}
