/* Elements out of names, properties and children, and the exchange of a view's content for a newer one.

   Text only ever becomes a text node: no string is read as HTML anywhere on this page. */

/** An element. `on…` are listeners, `key` names it across a `refill`; null and false children are left out. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "key") node.dataset.key = value;
    else if (name === "value" || name === "checked") node[name] = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...present(children));
  return node;
}

/** Put new children in the place of the old; what a person opened, typed, ticked or focused stays so, by `key`. */
export function refill(container, children, focus = null) {
  const before = new Map();
  for (const node of container.querySelectorAll("[data-key]")) {
    before.set(node.dataset.key, { open: node.open, value: node.value, checked: node.checked });
  }
  const active = document.activeElement;
  const wanted = focus ?? (container.contains(active) ? active.dataset.key : null);
  container.replaceChildren(...present(children));
  for (const node of container.querySelectorAll("[data-key]")) {
    const kept = before.get(node.dataset.key);
    if (!kept) continue;
    if (node instanceof HTMLDetailsElement) node.open = kept.open;
    else if (node.type === "checkbox" || node.type === "radio") node.checked = kept.checked;
    else if (node.matches("input, textarea, select")) node.value = kept.value;
  }
  if (wanted) focusKey(container, wanted);
}

/** Focus the element of that key; a text field gets its caret at the end. */
export function focusKey(container, key) {
  const node = container.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!node) return;
  node.focus({ preventScroll: node.tagName === "H1" });
  if (node.matches("textarea")) node.setSelectionRange(node.value.length, node.value.length);
}

/** Scroll to an element and focus it, as a link within the page would. */
export function goTo(node) {
  if (!node) return;
  if (!node.matches("a, button, input, textarea, select, summary")) node.tabIndex = -1;
  node.scrollIntoView({ block: "center", behavior: motion() });
  node.focus({ preventScroll: true });
}

/** How to scroll: at once for people who asked for less motion. */
export function motion() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
}

/** A button; `quiet`, `primary` or `danger` by its class. */
export function button(text, onclick, props = {}) {
  return el("button", { type: "button", onclick, ...props }, text);
}

let fields = 0;

/** A labelled form field with an optional hint below it. */
export function field(label, input, hint = null) {
  const id = `field-${(fields += 1)}`;
  input.id = id;
  if (hint) input.setAttribute("aria-describedby", `${id}-hint`);
  return el(
    "div",
    { class: "field" },
    el("label", { for: id }, label),
    input,
    hint && el("p", { class: "hint", id: `${id}-hint` }, hint),
  );
}

function present(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}
