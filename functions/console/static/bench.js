// The bench's own script: hears a wedge scanner whatever has the focus and under every layout, sends scans one by one
// in their order, each under its own key until the server took it, and shows what the server says. Nothing else is green.
"use strict";
(() => {
  const GAP = 300, ALONE = 350, SILENT = 700, TWICE = 300, IN_FIELD = 60, KEPT = "shipby-bench-" + document.getElementById("waiting").dataset.seller;
  // What a key types on a US keyboard: scanners send key positions, the layout must not change them.
  const SIGNS = {Minus: "-_", Equal: "=+", BracketLeft: "[{", BracketRight: "]}", Backslash: "\\|", Semicolon: ";:", Quote: "'\"",
    Backquote: "`~", Comma: ",<", Period: ".>", Slash: "/?", Space: "  ", NumpadDecimal: "..", NumpadAdd: "++",
    NumpadSubtract: "--", NumpadMultiply: "**", NumpadDivide: "//", IntlBackslash: "\\|"};
  const DIGITS = ")!@#$%^&*(", GS = "\u001d";
  const KEYS = {u: "UNDO", s: "SHORT", d: "DAMAGED", q: "QC-FAIL", r: "REPRINT", n: "NEXT"};
  const place = document.getElementById("bench-place"), waiting = document.getElementById("waiting");
  const form = document.getElementById("scan"), printer = document.getElementById("printer");
  let queue = [], sending = false, redAt = 0, quantity = 1, note = "", seq = 0;
  try { queue = JSON.parse(localStorage.getItem(KEPT)) || []; } catch { queue = []; }
  const bench = () => document.getElementById("bench");

  function sign(event) {
    const code = event.code;
    if (code === "F8" || (event.ctrlKey && code === "BracketRight")) return GS;
    if (event.ctrlKey || event.altKey || event.metaKey) return "";
    if (/^Key[A-Z]$/.test(code)) return event.shiftKey ? code[3] : code[3].toLowerCase();
    if (/^Digit\d$/.test(code)) return event.shiftKey ? DIGITS[code[5]] : code[5];
    if (/^Numpad\d$/.test(code)) return code[6];
    return SIGNS[code] ? SIGNS[code][event.shiftKey ? 1 : 0] : "";
  }

  // --- hearing
  let heard = "", lastKey = 0, widest = 0, timer = 0, field = null, before = "", lastCode = "", lastAt = 0;
  const isField = (element) => element && /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName);
  function forget() { heard = ""; widest = 0; field = null; clearTimeout(timer); }

  document.addEventListener("keydown", (event) => {
    const now = event.timeStamp;  // when the key went down, however busy the page was since
    unlock();
    if (event.code === "Escape") { event.preventDefault(); forget(); calm(); return; }
    if (event.repeat && heard === "") return;
    const ends = /^(Numpad)?Enter$|^Tab$/.test(event.code), typed = ends ? "" : sign(event);
    if ((!ends && !typed) || (typed === " " && heard === "")) return;
    const gap = now - lastKey;
    if (heard && gap > GAP) finish();
    if (ends) {
      if (heard.length > 2 && isScan()) { event.preventDefault(); event.stopPropagation(); finish(); } else forget();
      return;
    }
    if (heard === "") { field = isField(event.target) ? event.target : null; before = field ? field.value : ""; }
    else widest = Math.max(widest, gap);
    heard += typed;
    lastKey = now;
    // Outside of fields a scan lands nowhere: no quick search, no space bar on a button.
    if (!field || typed === GS) { event.preventDefault(); event.stopPropagation(); }
    clearTimeout(timer);
    timer = setTimeout(finish, heard.length > 1 ? SILENT : ALONE);
  }, true);

  // In a field only what no hand types counts as a scan; what it left there is taken out again.
  const isScan = () => !field || (heard.length > 5 && widest <= IN_FIELD);
  function finish() {
    const text = heard, into = field, was = before, real = isScan();
    forget();
    if (!real) return;
    if (into) into.value = was;
    if (text.length === 1 && KEYS[text.toLowerCase()]) add("SB-" + KEYS[text.toLowerCase()]);
    if (text.length > 2) scanned(text);
  }

  function scanned(text) {
    const now = performance.now(), twice = text === lastCode && now - lastAt < TWICE;
    lastCode = text; lastAt = now;
    if (twice) return;
    const times = /^SB-QTY-(\d{1,3})$/i.exec(text);
    if (times) { quantity = Number(times[1]) || 1; tell(); beep("heard"); return; }
    add(text);
  }

  // --- sending: one at a time, in order, the same key until it was taken
  function add(code) {
    seq += 1;
    queue.push({id: crypto.randomUUID(), seq, code, quantity: code.startsWith("SB-") ? 1 : quantity, at: performance.now()});
    if (!code.startsWith("SB-")) quantity = 1;
    keep(); beep("heard"); tell(); send();
  }
  function keep() { try { localStorage.setItem(KEPT, JSON.stringify(queue)); } catch { /* private window: kept in memory */ } }

  async function send() {
    if (sending) return;
    sending = true;
    let pause = 500;
    while (queue.length) {
      const one = queue[0];
      if (one.number === undefined) { one.number = bench().dataset.number; keep(); }
      const slow = setTimeout(() => document.body.classList.add("working"), 150);
      let answer = null;
      try {
        const body = new URLSearchParams({code: one.code, number: one.number, quantity: String(one.quantity), once: one.id});
        answer = await fetch(form.action, {method: "POST", body, headers: {"x-bench": "1", "x-csrf": document.body.dataset.csrf}});
      } catch { answer = null; }
      clearTimeout(slow);
      document.body.classList.remove("working");
      if (answer === null || answer.status >= 500 || answer.status === 429) { note = waiting.dataset.lost; }
      else if (answer.status === 401 || answer.status === 403) { note = waiting.dataset.out; }
      else {
        const html = await answer.text();
        note = ""; pause = 500; queue.shift(); keep();
        if (answer.ok) paint(html, one); else { complain(html); }
        tell();
        continue;
      }
      tell();
      await new Promise((done) => setTimeout(done, pause));
      pause = Math.min(pause * 2, 5000);
    }
    sending = false;
    tell();
  }

  function paint(html, one) {
    const red = bench().dataset.state === "wrong" && !(one.at > redAt) ? bench().querySelector(".shout") : null;
    place.innerHTML = html;
    const now = bench(), state = now.dataset.state;
    // What was scanned before the packer could see the red does not take it away.
    if (red && state !== "wrong" && one.code !== "SB-OK") { now.querySelector(".shout").replaceWith(red); now.className = "bench wrong"; now.dataset.state = "wrong"; }
    else if (state === "wrong") redAt = performance.now();
    form.elements.number.value = now.dataset.number;
    beep(now.dataset.state === "wrong" ? "wrong" : state === "done" || state === "closed" ? "done" : "right");
    if (now.dataset.print) { printer.hidden = false; printer.src = now.dataset.print; }
  }
  function complain(html) {
    place.insertAdjacentHTML("afterbegin", html);
    bench().className = "bench wrong"; bench().dataset.state = "wrong"; redAt = performance.now();
    beep("wrong");
  }
  function calm() {
    place.querySelectorAll(".note[role=alert]").forEach((each) => each.remove());
    if (bench().dataset.state === "wrong") add("SB-OK");
  }
  function tell() {
    const words = [];
    if (quantity > 1) words.push(waiting.dataset.quantity + quantity);
    if (queue.length) words.push(waiting.dataset.queued + queue.length);
    if (note) words.push(note);
    waiting.hidden = words.length === 0;
    waiting.className = "waiting note " + (note ? "warn" : "");
    waiting.textContent = words.join(" · ");
  }
  printer.addEventListener("load", () => {
    if (printer.src) try { printer.contentWindow.print(); } catch { /* the button on the page prints it */ }
    back();
  });
  // What prints must not keep the keys: the next scan is ours.
  function back() { if (document.activeElement === printer) { printer.blur(); window.focus(); } }
  window.addEventListener("blur", () => setTimeout(back, 0));

  // --- sounds: pitch and length differ; the first key unlocks them
  const SOUNDS = {heard: [[660, 0.03]], right: [[880, 0.12]], done: [[880, 0.1], [1320, 0.25]], wrong: [[180, 0.6]]};
  let audio = null;
  function unlock() { if (!audio && window.AudioContext) audio = new AudioContext(); if (audio && audio.state === "suspended") audio.resume(); }
  function beep(name) {
    if (!audio) return;
    let at = audio.currentTime;
    for (const [pitch, length] of SOUNDS[name]) {
      const tone = audio.createOscillator(), loud = audio.createGain();
      tone.type = name === "wrong" ? "square" : "sine";
      tone.frequency.value = pitch; loud.gain.value = name === "heard" ? 0.05 : 0.3;
      tone.connect(loud).connect(audio.destination);
      tone.start(at); tone.stop(at + length); at += length;
    }
  }

  // --- the same by hand
  document.addEventListener("submit", (event) => {
    const from = event.target;
    if (from !== form && !from.hasAttribute("data-commands")) return;
    event.preventDefault();
    if (from === form) {
      const code = form.elements.code.value.trim();
      if (code) { quantity = Number(form.elements.quantity.value) || 1; add(code); }
      form.elements.code.value = ""; form.elements.quantity.value = "1";
    } else if (event.submitter) add(event.submitter.value);
  });
  window.addEventListener("online", send);
  tell();
  if (queue.length) send();
})();
