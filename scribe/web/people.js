/* Who takes part: a row for each person, with role, name and pronouns; the clinician and the client are there. */

import { button, el, field } from "./dom.js";
import { S } from "./strings.js";

const MOST = 12;
const LONGEST_NAME = 120;

/** `changed` is called whenever somebody is added, removed or named otherwise. */
export function people(changed) {
  const rows = [];
  const list = el("ol", { class: "people" });
  const add = button(S.people.add, () => insert("family").name.focus(), { key: "add-person" });
  let made = 0;

  function insert(role) {
    const row = person((made += 1), role, changed, () => {
      rows.splice(rows.indexOf(row), 1);
      row.node.remove();
      add.disabled = false;
      add.focus();
      changed();
    });
    rows.push(row);
    list.append(row.node);
    add.disabled = rows.length >= MOST;
    changed();
    return row;
  }

  insert("clinician");
  insert("client");
  return {
    node: el("div", { class: "form" }, list, el("div", { class: "actions" }, add)),
    all: () => rows.map((row) => row.value()),
    /** What is not right yet, as {text, field}; null where all is. */
    fault() {
      const has = (role) => rows.some((row) => row.role.value === role);
      if (!has("clinician")) return { text: S.people.noClinician, field: rows[0]?.role };
      if (!has("client")) return { text: S.people.noClient, field: rows[0]?.role };
      return null;
    },
  };
}

function person(number, role, changed, remove) {
  const name = el("input", { maxlength: LONGEST_NAME, autocomplete: "off", oninput: changed });
  const pronouns = el("input", { maxlength: "40", autocomplete: "off", list: "pronouns" });
  const relationship = el("input", { maxlength: "80", autocomplete: "off" });
  const minor = el("input", { type: "checkbox", onchange: changed });
  const select = el(
    "select",
    { onchange: () => (show(), changed()) },
    Object.entries(S.roles).map(([value, text]) => el("option", { value, selected: value === role }, text)),
  );
  const kin = field(S.people.relationship, relationship);
  const young = el("label", { class: "tick" }, minor, el("span", {}, S.people.minor));
  const show = () => {
    kin.hidden = select.value !== "family";
    young.hidden = select.value === "clinician" || select.value === "interpreter";
  };
  show();
  const fixed = role === "clinician" || role === "client";
  const node = el(
    "li",
    { class: "person" },
    el(
      "div",
      { class: "trio" },
      field(S.people.role, select),
      field(S.people.name, name, S.people.nameHint),
      field(S.people.pronouns, pronouns),
      kin,
    ),
    young,
    !fixed && button(S.people.remove, remove, { class: "quiet", "aria-label": S.people.removeOf(number) }),
  );
  return {
    node,
    name,
    role: select,
    value: () => {
      const given = { id: `p${number}`, role: select.value, label: name.value.trim(), pronouns: pronouns.value.trim() };
      if (!kin.hidden) given.relationship = relationship.value.trim();
      if (!young.hidden && minor.checked) given.minor = true;
      return given;
    },
  };
}
