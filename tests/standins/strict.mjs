// Which OpenID issuer takes nothing that is not by the book? The certified `oidc-provider`.
// It is told all by one JSON argument, and writes a line once it listens.
import { generateKeyPair, exportJWK } from "jose";
import { Provider } from "oidc-provider";

const { port, client_id, client_secret, redirect_uri, people } = JSON.parse(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;
const { privateKey } = await generateKeyPair("ES256", { extractable: true });

const provider = new Provider(issuer, {
  clients: [
    {
      client_id,
      client_secret,
      redirect_uris: [redirect_uri],
      token_endpoint_auth_method: "client_secret_basic",
      id_token_signed_response_alg: "ES256",
    },
  ],
  clientAuthMethods: ["client_secret_basic"],
  jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: "strict", use: "sig", alg: "ES256" }] },
  cookies: { keys: ["only for tests"] },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  enabledJWA: { idTokenSigningAlgValues: ["ES256"] },
  pkce: { required: () => true },
  findAccount: (_context, subject) =>
    people[subject] && { accountId: subject, claims: () => ({ sub: subject, ...people[subject] }) },
});
provider.listen(port, "127.0.0.1", () => console.log(`listening at ${issuer}`));
