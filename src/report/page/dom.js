"use strict";
// Making elements. Everything that comes from a scenario goes through `textContent` or an attribute, so no text
// of a file can become markup.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element. Children are elements or texts; attributes that are null or false are left out. */
function html(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** An SVG element. */
function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A name from the scenario, kept apart from the direction of the text around it. */
function named(text) {
  return html("bdi", {}, text);
}

function byId(id) {
  return document.getElementById(id);
}

/** Replaces what is in a container; the focus stays on the element that has the same `data-key`. */
function refill(container, ...children) {
  keepFocus(container, () => container.replaceChildren(...children.filter(Boolean)));
}

/**
 * Brings a container's children up to date, one per key, and makes only those anew whose key has changed: most of what is shown
 * stays from step to step, and to lay it out again would take longer than everything else.
 */
function refreshSlots(container, keys, build) {
  keepFocus(container, () =>
    keys.forEach((key, index) => {
      const old = container.children[index];
      if (old && old.slotKey === key) return;
      const made = build(index);
      made.slotKey = key;
      if (old) old.replaceWith(made);
      else container.append(made);
    }),
  );
}

function keepFocus(container, change) {
  const focused = container.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  change();
  if (focused === undefined || container.contains(document.activeElement)) return;
  container.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

/** A button that goes to a stop; the number of a step alone where the page begins behind that. */
function stepLink(app, stop, text) {
  if (stop === 0 && text !== undefined) return html("span", { class: "muted" }, text);
  return html(
    "button",
    { type: "button", class: "link", "data-key": `step-${stop}-${text}`, onclick: () => app.go(stop) },
    text ?? `step ${app.run.stopStep[stop]}`,
  );
}

/** A record as a button that follows it. */
function recordButton(app, record, prime = 0, className = "record") {
  const isFollowed = app.view.record >= 0 && isRelated(app.run, record, app.view.record);
  return html(
    "button",
    {
      type: "button",
      class: isFollowed ? `${className} followed` : className,
      "data-key": `record-${record}-${className}`,
      "aria-pressed": String(isFollowed),
      title: `Follow ${app.run.records[record].text}`,
      onclick: () => app.follow(record),
    },
    named(primedName(app.run, record, prime)),
  );
}

/** A fact's sentence, with its record as a button. */
function sentence(app, fact) {
  const { record } = app.run.facts;
  const [before, name, after] = sentenceParts(app.run, fact);
  if (name === undefined) return html("span", {}, named(before));
  return html("span", {}, before, recordButton(app, record[fact], app.run.prime[fact], "record inline"), after);
}
