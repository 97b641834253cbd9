/* npm's oidc-provider, a certified OpenID Connect provider, on a free port of this machine.

   Arguments: the folder of node modules that holds it, and the redirect address of the one public client. Prints its
   issuer. Everybody gets in with any password and is a therapist. */

import { createServer } from "node:http";
import { join } from "node:path";

const [modules, redirect] = process.argv.slice(2);
const { default: Provider } = await import(join(modules, "oidc-provider", "lib", "index.js"));

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "the-scribe",
        token_endpoint_auth_method: "none",
        redirect_uris: [redirect],
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
    ],
    claims: { openid: ["sub", "roles"] },
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: true } },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, roles: ["clinician"] }) }),
  });
  server.on("request", provider.callback());
  console.log(issuer);
});
process.stdin.on("end", () => process.exit(0)).resume();
