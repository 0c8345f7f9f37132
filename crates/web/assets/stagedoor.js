// Comfort on top of pages that work without it.
"use strict";

// On a phone the navigation is a line that scrolls: where one is, is in sight.
const here = document.querySelector(".places [aria-current]");
if (here) {
  const into_sight = () => {
    here.parentElement.scrollLeft = here.offsetLeft - here.parentElement.offsetWidth / 3;
  };
  into_sight();
  addEventListener("resize", into_sight);
}

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

// An opening that fills in while one watches. The page looks again by itself without this.
const opening = document.querySelector(".opening[data-progress]");
if (opening) {
  const { progress, again, late, seconds, done, now, waited } = opening.dataset;
  const steps = [...opening.querySelectorAll(".steps li")];
  const began = Date.now();
  const mark = (step, state, word) => {
    step.className = state;
    step.toggleAttribute("aria-current", false);
    if (state === "now") step.setAttribute("aria-current", "step");
    step.querySelector(".step-state").textContent = " – " + word;
  };
  const clock = document.createElement("span");
  clock.className = "waited";
  clock.setAttribute("aria-hidden", "true");
  steps[2].querySelector(".step-name").append(clock);
  const ticking = setInterval(() => {
    const so_far = Math.round((Date.now() - began) / 1000);
    clock.textContent = waited.replace("{seconds}", so_far);
  }, 1000);
  const look = async () => {
    if (late && Date.now() - began > 60000) return location.replace(late);
    try {
      const answer = await fetch(progress, {
        headers: { accept: "application/json" },
        cache: "no-store",
      });
      // Whatever is not told here, the page itself tells.
      if (!answer.ok) return location.replace(again);
      const how = await answer.json();
      if (how.ready) {
        clearInterval(ticking);
        mark(steps[2], "done", done);
        mark(steps[3], "now", now);
        return location.replace(again);
      }
      const detail = steps[2].querySelector(".step-detail");
      if (detail && detail.textContent !== how.detail) detail.textContent = how.detail;
    } catch {
      // The network is away for a moment; the next look tells.
    }
    setTimeout(look, seconds * 1000);
  };
  setTimeout(look, seconds * 1000);
}
