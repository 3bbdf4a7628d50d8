// The identity provider of the sign-on tests: `node provider.mjs PORT FOLDER`.
// FOLDER/provider.json says under which keys and for which client; FOLDER/people.json who there is, and is
// read afresh for every token, so that a test can change somebody's groups while they are signed in.

import { webcrypto } from "node:crypto";
import { readFile } from "node:fs/promises";
import http from "node:http";
import { Provider } from "oidc-provider";

// What the provider takes for granted and Debian 12's Node 18 has not yet.
globalThis.crypto ??= webcrypto;
URL.parse ??= (text, base) => (URL.canParse(text, base) ? new URL(text, base) : null);

const [port, folder] = process.argv.slice(2);
const read = async (name) => JSON.parse(await readFile(`${folder}/${name}`, "utf8"));
const settings = await read("provider.json");

async function findAccount(ctx, subject) {
  const person = (await read("people.json"))[subject];
  return person && {
    accountId: subject,
    lasts: person.token_seconds,
    claims: () => ({ sub: subject, name: person.name, email: person.email, groups: person.groups }),
  };
}

/** Whoever signs in agrees to everything: a company's own proxy does not ask. */
async function grantAll(ctx) {
  const grant = new ctx.oidc.provider.Grant({
    accountId: ctx.oidc.session.accountId,
    clientId: ctx.oidc.client.clientId,
  });
  grant.addOIDCScope("openid profile email groups");
  await grant.save();
  return grant;
}

const page = (title, body) =>
  `<!doctype html><html lang="en"><title>${title}</title><link rel="icon" href="data:,"><h1>${title}</h1>${body}</html>`;

const provider = new Provider(settings.issuer, {
  jwks: settings.jwks,
  clients: [{ ...settings.client, require_auth_time: true }],
  cookies: { keys: ["signs the provider's own cookies"] },
  claims: { openid: ["sub"], profile: ["name"], email: ["email"], groups: ["groups"] },
  conformIdTokenClaims: false, // the claims stand in the ID token, where the proxy finds them
  findAccount,
  loadExistingGrant: grantAll,
  renderError: (ctx, out) => {
    ctx.type = "html";
    ctx.body = page("The provider refuses", `<p>${out.error}: ${out.error_description}</p>`);
  },
  interactions: { url: (ctx, interaction) => `/sign-in/${interaction.uid}` },
  ttl: { IdToken: (ctx) => ctx.oidc.account.lasts, Session: 3600, Grant: 3600, Interaction: 600, AccessToken: 600 },
  features: {
    devInteractions: { enabled: false },
    rpInitiatedLogout: {
      logoutSource: (ctx, form) => {
        const button = '<button form="op.logoutForm" name="logout" value="yes">Sign out everywhere</button>';
        ctx.body = page("Sign out?", `${form}${button}`);
      },
    },
  },
});

async function signIn(request, response) {
  const { uid } = await provider.interactionDetails(request, response);
  if (request.method === "POST") {
    let sent = "";
    for await (const part of request) sent += part;
    const login = { accountId: new URLSearchParams(sent).get("account") };
    return provider.interactionFinished(request, response, { login });
  }
  response.setHeader("Content-Type", "text/html; charset=utf-8");
  const field = '<label>Account <input name="account" required></label>';
  return response.end(
    page("Company sign-in", `<form method="post" action="/sign-in/${uid}">${field}<button>Sign in</button></form>`),
  );
}

const answer = provider.callback();
http
  .createServer((request, response) =>
    request.url.startsWith("/sign-in/")
      ? signIn(request, response).catch((error) => response.writeHead(500).end(String(error)))
      : answer(request, response),
  )
  .listen(Number(port), "127.0.0.1");
