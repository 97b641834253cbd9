/* The discard receipt in words: how much sound came in, what became of it, and the hash that chains it. */

import { api } from "./api.js";
import { button, el } from "./dom.js";
import { length, moment } from "./format.js";
import { S } from "./strings.js";

/** A button that opens the receipt, and the place where it opens; it is fetched when it is first asked for. */
export function receiptOf(sessionId, text, label = null) {
  const id = `receipt-${sessionId}`;
  const panel = el("div", { class: "receipt", id, hidden: true, "aria-live": "polite" });
  const toggle = button(text, open, {
    class: "quiet",
    "aria-label": label,
    "aria-expanded": "false",
    "aria-controls": id,
  });

  async function open() {
    panel.hidden = !panel.hidden;
    toggle.setAttribute("aria-expanded", String(!panel.hidden));
    if (panel.hidden || panel.hasChildNodes()) return;
    panel.append(el("p", {}, S.loading));
    try {
      panel.replaceChildren(...written(await api.receipt(sessionId)));
    } catch (error) {
      panel.replaceChildren(el("p", {}, error.status === 404 ? S.receipt.missing : error.message));
    }
  }

  return { toggle, panel };
}

function written(r) {
  const figures = [r.seconds_received, r.seconds_transcribed, r.seconds_discarded].map(length);
  const all = new Set(figures).size === 1;
  return [
    el(
      "p",
      {},
      all ? S.receipt.all(figures[0]) : S.receipt.parts(...figures),
      " ",
      r.bytes_retained ? S.receipt.retained(r.bytes_retained) : S.receipt.none,
    ),
    el("p", {}, S.receipt.heard(moment(r.started_at), r.recognizer, r.recognizer_model, r.product_version)),
    el(
      "dl",
      { class: "hashes" },
      el("dt", {}, S.receipt.hash),
      el("dd", {}, r.sha256),
      el("dt", {}, S.receipt.previous),
      el("dd", {}, r.previous_sha256),
    ),
  ];
}
