// provider.mjs - a certified OAuth server (OpenID Foundation, oidc-provider)
//
// SPDX-License-Identifier: MIT
//
// usage: node provider.mjs OPTIONS.json
//
// Has the paths of a tenant of Entra ID, so that nothing in cefwd knows that
// it is another server.  Prints its port, then serves until its standard
// input ends.
import crypto from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import Provider, { interactionPolicy } from 'oidc-provider';

const options = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const base = `/${options.tenant}`;
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';

// Whatever of a token request and of its answer must stay secret.
const SECRET = [
  'client_secret', 'client_assertion', 'code', 'code_verifier', 'device_code',
  'refresh_token', 'access_token',
];

const secrets = (ctx) => SECRET.flatMap((name) => [
  ctx?.oidc?.body?.[name], ctx?.body?.[name],
]).filter((text) => typeof text === 'string');

const publicKey = (file) => ({
  ...crypto.createPublicKey(fs.readFileSync(file)).export({ format: 'jwk' }),
  use: 'sig',
});

const machine = (id, more) => ({
  client_id: id,
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
  ...more,
});

const clients = [
  machine(options.bySecret, {
    client_secret: options.secret,
    token_endpoint_auth_method: 'client_secret_post',
  }),
  machine(options.byKey, {
    jwks: { keys: [publicKey(options.certificate)] },
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: options.algorithm,
  }),
  {
    client_id: options.byUser,
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token', DEVICE],
    response_types: ['code'],
    redirect_uris: ['http://localhost/'], // any port: RFC 8252 7.3
  },
  machine('api', {
    client_secret: options.apiSecret,
    token_endpoint_auth_method: 'client_secret_basic',
  }),
];

// OpenID Connect 3.1.2.1 has this prompt, the server's policy has not.
const policy = interactionPolicy.base();
policy.add(new interactionPolicy.Prompt(
  { name: 'select_account', requestable: true },
));

const configuration = {
  clients,
  cookies: { keys: [crypto.randomBytes(16).toString('hex')] },
  // The lives that the tests wait for are short.
  ttl: {
    AccessToken: () => options.life,
    ClientCredentials: () => options.life,
    RefreshToken: 3600,
  },
  scopes: ['openid', 'offline_access', options.scope],
  pkce: { methods: ['S256'], required: () => true },
  rotateRefreshToken: true,
  interactions: { policy },
  features: {
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    devInteractions: { enabled: true }, // its pages for sign-in and consent
  },
  routes: {
    authorization: `${base}/oauth2/v2.0/authorize`,
    device_authorization: `${base}/oauth2/v2.0/devicecode`,
    token: `${base}/oauth2/v2.0/token`,
    introspection: `${base}/introspect`,
    jwks: `${base}/discovery/v2.0/keys`,
  },
};

const server = https.createServer({
  cert: fs.readFileSync(options.tlsCertificate),
  key: fs.readFileSync(options.tlsKey),
});

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  const provider = new Provider(`https://127.0.0.1:${port}`, configuration);
  const serve = provider.callback();
  const events = [
    'grant.success', 'grant.error', 'grant.revoked', 'authorization.error',
    'device_authorization.error', 'server_error',
  ];

  events.forEach((name) => provider.on(name, (ctx, error) => {
    console.log(JSON.stringify({
      event: name,
      client: ctx?.oidc?.client?.clientId,
      grant: ctx?.oidc?.params?.grant_type,
      error: error?.error,
      detail: error?.error_detail,
      secrets: secrets(ctx),
    }));
  }));
  // Its pages have sign-in and consent only: there is one account to choose.
  const choose = async (request, response) => {
    const { prompt } = await provider.interactionDetails(request, response);
    if (prompt.name !== 'select_account') return false;
    await provider.interactionFinished(
      request, response, { select_account: {} },
    );
    return true;
  };
  server.on('request', async (request, response) => {
    // The one path that the server does not let one choose.
    if (request.url === `${base}/v2.0/.well-known/openid-configuration`) {
      request.url = '/.well-known/openid-configuration';
    }
    // OpenID Connect 11 wants prompt=consent with offline_access.  Entra does
    // not: it would then ask users for what only administrators may grant.
    request.url = request.url.replace(
      'prompt=select_account', 'prompt=select_account%20consent',
    );
    if (request.method === 'GET' && request.url.startsWith('/interaction/')
      && await choose(request, response)) return;
    serve(request, response);
  });
  console.log(port);
});

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
