/* Where the page begins: sign-in by the link's fragment, the frame around every view, and which view is shown.

   Addresses are fragments, which never leave the browser: `#/` lists the sessions, `#/new` begins one,
   `#/session/<id>` reviews one, `#/session/<id>/record` records it, `#token=<token>` signs in and is cleared
   before anything else happens, and so is `#refused=<why>`. */

import { api, onSignedOut } from "./api.js";
import { confirm } from "./dialog.js";
import { button, el } from "./dom.js";
import { readMe, setMode, takeRefusal } from "./me.js";
import { hush, mount, refuse } from "./messages.js";
import { leaveRecording, recordView, recording } from "./record.js";
import { reviewView, unsaved } from "./review.js";
import { sessionsView } from "./sessions.js";
import { signInView } from "./sign_in.js";
import { startView } from "./start.js";
import { S } from "./strings.js";

const main = document.querySelector("main");
const top = document.querySelector("header");
let shown = 0;

/** The token in the address, which is taken out of it at once; null where there is none. */
function takeToken() {
  const found = /^#token=(.+)$/.exec(location.hash);
  if (!found) return null;
  history.replaceState(null, "", location.pathname);
  try {
    return decodeURIComponent(found[1]);
  } catch {
    return found[1];
  }
}

async function begin() {
  const token = takeToken();
  const refusal = takeRefusal();
  mount(document.querySelector("#messages"));
  onSignedOut(showSignIn);
  await frame();
  if (refusal) return refused(refusal);
  await enter(token);
}

/** The organisation's sign-in let nobody in, or did not confirm who it is: say why, where that can be mended. */
async function refused(reason) {
  const error = new Error(S.refusals[reason] ?? S.refusals.not_verified);
  try {
    await readMe();
  } catch {
    return showSignIn(error);
  }
  await show();
  refuse(error);
}

async function enter(token) {
  if (token === null) return show();
  try {
    await api.signIn(token);
  } catch (error) {
    return showSignIn(error);
  }
  return show();
}

/** Name of the product, and the recogniser's warning where it has one; both stand above every view. */
async function frame() {
  const skip = el("a", { class: "skip", href: "#main", onclick: skipToMain }, S.skip);
  const home = el(
    "a",
    { class: "home", href: "#/" },
    el("img", { src: "/page/icon.svg", alt: "" }),
    S.product,
  );
  top.replaceChildren(skip, home);
  try {
    const ready = await api.readiness();
    setMode(ready.access);
    if (ready.weak && ready.notice) {
      top.append(el("p", { class: "weak", role: "note" }, el("strong", {}, S.notice), " ", ready.notice));
    }
  } catch (error) {
    refuse(error);
  }
}

const leave = button(S.signOut, signOut, { class: "quiet leave" });

async function signOut() {
  if (unsaved() && !(await mayLeave())) return;
  try {
    await api.signOut();
    showSignIn();
  } catch (error) {
    refuse(error);
  }
}

function skipToMain(event) {
  event.preventDefault();
  main.focus();
}

function mayLeave() {
  const [title, lead] = recording()
    ? [S.record.leaveTitle, S.record.leaveLead]
    : [S.review.leaveTitle, S.review.leaveLead];
  return confirm({ title, lines: [lead], yes: S.review.leave });
}

function showSignIn(error = null) {
  shown += 1;
  leave.remove();
  present(signInView({ error, entered: show }), S.signIn.title);
}

/** Show the view of the address; a slower answer for an earlier address is dropped. */
async function show() {
  const mine = (shown += 1);
  hush();
  const session = /^#\/session\/([A-Za-z0-9_.-]{1,64})(\/record)?$/.exec(location.hash);
  // The last view stays in sight until the next is here, but nothing in it can be done any more.
  main.inert = true;
  try {
    await readMe();
    top.append(leave);
    const view = await viewOf(session);
    if (mine === shown) present(view.node, view.title);
  } catch (error) {
    if (mine === shown) present(failedView(error), S.product);
  }
}

function viewOf(session) {
  if (!session?.[2]) leaveRecording();
  if (!session) return location.hash === "#/new" ? startView() : sessionsView();
  return session[2] ? recordView(session[1]) : reviewView(session[1]);
}

function failedView(error) {
  return el(
    "div",
    { class: "narrow" },
    el("h1", { tabindex: "-1" }, session404(error) ? S.review.shredded : S.product),
    el("p", { class: "refusal", role: "alert" }, error.message),
    el("p", {}, el("a", { href: "#/" }, S.back)),
  );
}

function session404(error) {
  return error.status === 404 && /shredded/.test(error.message);
}

function present(node, title) {
  main.inert = false;
  main.replaceChildren(node);
  document.title = S.pageTitle(title);
  window.scrollTo(0, 0);
  main.querySelector("h1")?.focus({ preventScroll: true });
}

window.addEventListener("beforeunload", (event) => {
  if (unsaved() || recording()) event.preventDefault();
});

window.addEventListener("hashchange", async (event) => {
  if ((unsaved() || recording()) && !(await mayLeave())) {
    history.pushState(null, "", event.oldURL);
    return;
  }
  const token = takeToken();
  if (token !== null) enter(token);
  else if (location.hash === "" || location.hash.startsWith("#/")) show();
});

begin();
