// Put at the end of a copy of a page, which tells who has it in a frame what is wrong with it.
addEventListener("load", () => setTimeout(() => {
  "use strict";
  const wrong = [];
  const told = new Set();
  const say = (what) => { if (!told.has(what)) { told.add(what); wrong.push(what); } };
  const short = (text) => text.trim().replace(/\s+/g, " ").slice(0, 40);

  // Texts of a drawing keep apart, and inside it.
  document.querySelectorAll("figure svg").forEach((svg) => {
    const name = svg.querySelector("title").textContent;
    const frame = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll("text")].map((text) => [text, text.getBoundingClientRect()]);
    texts.forEach(([a, p], i) => {
      if (p.left < frame.left - 1 || p.right > frame.right + 1 || p.top < frame.top - 1 || p.bottom > frame.bottom + 1)
        say(`${name}: "${short(a.textContent)}" leaves the drawing`);
      texts.slice(i + 1).forEach(([b, q]) => {
        if (Math.min(p.right, q.right) - Math.max(p.left, q.left) > 1 && Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 3)
          say(`${name}: "${short(a.textContent)}" and "${short(b.textContent)}" overlap`);
      });
    });
    const size = Math.min(...texts.map(([text]) => parseFloat(getComputedStyle(text).fontSize))) * frame.width / svg.viewBox.baseVal.width;
    if (size < 9)
      say(`${name}: letters of ${size.toFixed(1)} pixels`);
  });

  // Nothing is wider than the page.
  if (document.documentElement.scrollWidth > innerWidth)
    say(`the page is ${document.documentElement.scrollWidth} pixels wide, not ${innerWidth}`);
  if (document.querySelectorAll("figure").length < 4)
    say("pictures are missing");

  // Contrast of all text with what lies below it.
  const rgb = (text) => (text.match(/[\d.]+/g) || []).map(Number);
  const light = (c) => c.slice(0, 3).map((x) => x / 255).map((x) => x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4)
    .reduce((sum, x, i) => sum + x * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const c = rgb(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] === 1)
        return c;
    }
    return [255, 255, 255];
  };
  document.querySelectorAll("body *").forEach((e) => {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || ["SCRIPT", "STYLE", "title", "desc"].includes(e.tagName))
      return;
    const style = getComputedStyle(e);
    const [a, b] = [light(rgb(e instanceof SVGElement ? style.fill : style.color)), light(ground(e))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5)
      say(`"${short(e.textContent)}" has a contrast of ${contrast.toFixed(2)}`);
  });

  // What can be worked with is reached by the keyboard and has a name.
  document.querySelectorAll("a, button, summary, [tabindex]").forEach((e) => {
    if (e.tabIndex < 0 || !(e.textContent.trim() || e.getAttribute("aria-label")))
      say(`<${e.tagName}> "${short(e.textContent)}" is not reached`);
  });
  const button = document.querySelector(".top button");
  const before = getComputedStyle(document.body).backgroundColor;
  button.click();
  if (getComputedStyle(document.body).backgroundColor === before)
    say("the button changes no colours");
  button.click();

  performance.getEntriesByType("resource").forEach((entry) => say(`asked for ${entry.name.slice(0, 80)}`));
  parent.postMessage([`ground ${before}`, ...wrong].join("\n"), "*");
}, 50));
