/* What the page says about what was just done: good news fades, a refusal stays until it is dismissed.

   Both are live regions, there from the start, so that a screen reader speaks what comes into them. */

import { button, el } from "./dom.js";
import { S } from "./strings.js";

const SHOWN_MS = 6000;

const said = el("p", { class: "said", role: "status" });
const refused = el("div", { class: "refused", role: "alert" });
let fading = 0;

export function mount(place) {
  place.replaceChildren(said, refused);
}

/** Say that something worked. */
export function say(text) {
  clearTimeout(fading);
  dismiss();
  said.textContent = text;
  fading = setTimeout(() => said.replaceChildren(), SHOWN_MS);
}

/** Say that something is under way; it stays until something else is said. */
export function working(text) {
  clearTimeout(fading);
  dismiss();
  said.textContent = text;
}

/** Say, in its own words, why something did not work. */
export function refuse(error) {
  clearTimeout(fading);
  said.replaceChildren();
  refused.replaceChildren(el("p", {}, error.message), button(S.dismiss, dismiss, { class: "quiet" }));
}

export function dismiss() {
  refused.replaceChildren();
}

/** Everything gone, as on a change of view. */
export function hush() {
  clearTimeout(fading);
  said.replaceChildren();
  dismiss();
}
