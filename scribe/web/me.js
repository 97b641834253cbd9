/* Who is signed in, and how this server lets people in: by its machine's token or by an organisation's sign-in. */

import { api } from "./api.js";

/** `local` or `organisation`; set by `main` before anything is shown. */
let mode = "local";
let me = null;

export function setMode(access) {
  mode = access ?? "local";
}

export const byOrganisation = () => mode === "organisation";

/** Ask the server who it takes us for; where nobody is signed in, `api` shows the sign-in. */
export async function readMe() {
  me = await api.me();
  return me;
}

/** Whether the organisation's sign-in vouched anew for whoever is here, so recently that they may sign. */
export const confirmed = () => Date.parse(me?.confirmed_until ?? "") > Date.now();

export const signInAddress = "/v1/oidc/login";

/** Where somebody shows anew who they are in order to sign, and comes back to that session. */
export const confirmAddress = (session) =>
  `${signInAddress}?purpose=sign&session=${encodeURIComponent(session)}`;

/** Why the organisation's sign-in sent us back empty-handed, out of the address; null where it did not. */
export function takeRefusal() {
  const found = /^#refused=([a-z_]{1,40})$/.exec(location.hash);
  if (!found) return null;
  history.replaceState(null, "", location.pathname);
  return found[1];
}
